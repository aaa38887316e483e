// Rebuilding: the journal made again from what a place says of itself. Reads manifests and logs, believes them only as far as they are well
// formed and stay below their folder, looks whether each file they name is there with the size it should have, and hashes nothing unless
// asked. What an existing journal already knows is kept; the place adds to it.
import path from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { ERROR_CODES } from '../errors.js'
import { readWhole } from '../files/durable.js'
import { isLitter, isOwnFile } from '../files/scan.js'
import { ensureVersion, filesOfShoot, noteFirstSeen, saveCopy, saveFile, setNewestVersion } from '../journal/files.js'
import { forgetChainBreaks } from '../journal/meta.js'
import { saveChain } from '../journal/places.js'
import {
  addSource,
  adoptShoot,
  freeLabel,
  labelAt,
  listSources,
  setLabelAt,
  type ShootRow,
  type SourceRow,
} from '../journal/shoots.js'
import { saveSeal } from '../journal/steps.js'
import { newestByFolder, readChain, type ChainLine } from '../manifest/chain.js'
import { LOG_FILE, parseLog, type LogEvent } from '../manifest/log.js'
import { MANIFEST_FILE, parseManifest } from '../manifest/manifest.js'
import { hashBytes } from '../files/hash.js'
import type { CopyState, Hash } from '../model.js'
import type { OpenPlace } from '../place/places.js'
import type { EngineDeps } from '../engine/run.js'
import { isSameSource } from '../engine/sources.js'
import type { Finding, RebuildResult } from '../../shared/methods.js'
import { firstSeen, tellings, type Telling } from './tellings.js'

/** A manifest or log beyond this is not one of ours: a million files make one of 100 MB. */
export const RECORD_MAX_BYTES = 512 * 1024 * 1024

const LONGEST_NAME = 255
const LONGEST_PATH = 3000

/** Folders nested deeper than this are no photographer's. */
const DEPTH_MAX = 64

/** A place whose records can be read. */
export interface RecordedPlace extends Pick<OpenPlace, 'id' | 'name' | 'root'> {
  /** Where its files are not where its records are: what lies under a path below the place. A bucket's records are fetched to the home. */
  readonly look?: (path: string) => { readonly sizeBytes: number } | undefined
}

interface Rebuild {
  readonly deps: EngineDeps
  readonly place: RecordedPlace
  readonly findings: Finding[]
  files: number
  versions: number
  shoots: number
}

/** @param place  open; its manifests are read, nothing at it is changed */
export async function rebuildFrom(deps: EngineDeps, place: RecordedPlace, signal: AbortSignal): Promise<RebuildResult> {
  const rebuild: Rebuild = { deps, place, findings: [], files: 0, versions: 0, shoots: 0 }
  const chain = readChain(deps.files, place.root, deps.hash)
  for (const message of chain.breaks)
    find(rebuild, '', 'chain.jsonl', `the record of sealed manifests was altered: ${message}`)
  const sealed = newestByFolder(chain)
  for (const folder of shootFolders(rebuild)) {
    if (signal.aborted) return stopped(rebuild)
    deps.journal.transaction(() => rebuildShoot(rebuild, folder, sealed.get(folder)))
    await turn()
  }
  for (const folder of sealed.keys()) {
    if (deps.files.stat(folderPath(place, folder)) === undefined)
      find(rebuild, folder, '', 'this shoot was sealed here once, and its folder is gone')
  }
  deps.journal.transaction(() => {
    saveChain(deps.journal, place.id, chain.lines.length, chain.hashes.at(-1) ?? '')
    forgetChainBreaks(deps.journal, place.id)
  })
  return resultOf(rebuild)
}

/** What was learned so far is kept; how far the chain reaches is learned by the run that comes to the end. */
function stopped({ place, findings, files, versions, shoots }: Rebuild): RebuildResult {
  const { exit: exitCode } = ERROR_CODES.INTERRUPTED
  const summary = `Stopped. ${files} files in ${shoots} shoots on "${place.name}" are known again so far. Run the same command again for the rest.`
  return { ok: false, exitCode, summary, place: place.name, shoots, files, versions, findings }
}

function resultOf({ place, findings, files, versions, shoots }: Rebuild): RebuildResult {
  const exitCode =
    findings.length === 0
      ? 0
      : findings.some((finding) => finding.kind === 'missing')
        ? ERROR_CODES.COPY_MISSING.exit
        : ERROR_CODES.COPY_DIFFERS.exit
  const known = `${files} files in ${shoots} shoots on "${place.name}" are known again`
  const summary =
    findings.length === 0
      ? `${known}. Their bytes were not read; to do that: safelight verify`
      : `${known}; ${findings.length} things are not as they should be (see the list).`
  return { ok: exitCode === 0, exitCode, summary, place: place.name, shoots, files, versions, findings }
}

function folderPath(place: RecordedPlace, folder: string): string {
  return path.join(place.root, 'Photos', ...folder.split('/'))
}

function find(rebuild: Rebuild, shoot: string, file: string, message: string, kind = 'manifest'): void {
  rebuild.findings.push({ kind, place: rebuild.place.name, shoot, file, message })
}

/** Every folder below Photos/ that holds a manifest or a log, in a steady order. */
function* shootFolders(rebuild: Rebuild): Generator<string> {
  const { files } = rebuild.deps
  const waiting: string[] = ['']
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const at = folder === '' ? path.join(rebuild.place.root, 'Photos') : folderPath(rebuild.place, folder)
    if (files.stat(at)?.kind !== 'folder') continue
    const entries = files.list(at)
    if (folder !== '' && entries.some((entry) => entry.kind === 'file' && isOwnFile(entry.name))) yield folder
    const below = entries.filter(
      (entry) =>
        entry.kind === 'folder' && entry.name !== 'Versions' && entry.name !== 'Quarantine' && !isLitter(entry.name),
    )
    if (folder.split('/').length >= DEPTH_MAX) {
      if (below.length > 0) find(rebuild, folder, '', `folders nested deeper than ${DEPTH_MAX} were not looked at`)
      continue
    }
    waiting.push(
      ...below
        .map((entry) => (folder === '' ? entry.name : `${folder}/${entry.name}`))
        .sort((a, b) => (a < b ? 1 : -1)),
    )
  }
}

function rebuildShoot(rebuild: Rebuild, folder: string, line: ChainLine | undefined): void {
  const { deps, place } = rebuild
  const manifestBytes = readRecord(rebuild, folder, MANIFEST_FILE)
  const log = parseLog(readRecord(rebuild, folder, LOG_FILE)?.toString('utf8') ?? '')
  const manifest = parseManifest(manifestBytes?.toString('utf8') ?? '')
  for (const number of manifest.badLines) find(rebuild, folder, MANIFEST_FILE, `line ${number} cannot be understood`)
  for (const number of log.badLines) find(rebuild, folder, LOG_FILE, `line ${number} cannot be understood`)
  const manifestHash = manifestBytes && hashBytes(deps.hash, manifestBytes)
  if (line && manifestHash !== line.manifestHash)
    find(rebuild, folder, MANIFEST_FILE, `it is not the manifest that was sealed as generation ${line.generation}`)
  const told = tellings(log.events)
  const seen = firstSeen(log.events)
  const isAsSealed = line !== undefined && manifestHash === line.manifestHash
  const sealedAtMs = isAsSealed ? Date.parse(line.at) : -Infinity
  // Where the two disagree, the one that was written last is right; a manifest that is not the one that was sealed is no witness at all.
  const hashOf = (relative: string, listed: Hash): Hash => {
    const last = told.get(relative)
    return last !== undefined && last.atMs > sealedAtMs ? last.hash : listed
  }
  const copies = new Map<string, Hash>(manifest.entries.map(({ path: at, hash }) => [at, hashOf(at, hash)]))
  // Made after the last seal: the log has it, the manifest not yet.
  for (const [relative, { hash }] of told)
    if (!copies.has(relative) && statAt(rebuild, folder, relative)) copies.set(relative, hash)
  const row = adopt(rebuild, folder, log.events)
  rebuild.shoots += 1
  const fileIds = new Map([...filesOfShoot(deps.journal, row.id)].map(([name, file]) => [name, file.id]))
  // Without a log a content was known at the latest when the manifest that lists it was sealed.
  const sealedMs = isAsSealed ? sealedAtMs : deps.clock()
  const shoot: ShootAtPlace = { row, folder, fileIds, seenMs: (name, hash) => seen.get(`${hash} ${name}`) ?? sealedMs }
  for (const [relative, hash] of [...copies].sort(([a], [b]) => depth(a) - depth(b)))
    rebuildCopy(rebuild, shoot, relative, hash, told.get(relative))
  if (isAsSealed) {
    saveSeal(deps.journal, row.id, place.id, {
      generation: line.generation,
      manifestHash: line.manifestHash,
      sealedMs: Date.parse(line.at),
    })
  }
}

interface ShootAtPlace {
  readonly row: ShootRow
  /** Below `Photos/`. */
  readonly folder: string
  /** Files of the shoot that the journal knows, by name; grows. */
  readonly fileIds: Map<string, number>
  /** When a content of a file was first known. */
  readonly seenMs: (name: string, hash: Hash) => number
}

function readRecord(rebuild: Rebuild, folder: string, name: string): Buffer | undefined {
  const file = path.join(folderPath(rebuild.place, folder), name)
  const stat = rebuild.deps.files.stat(file)
  if (stat?.kind !== 'file') return undefined
  if (stat.sizeBytes > RECORD_MAX_BYTES) {
    find(
      rebuild,
      folder,
      name,
      `it is ${stat.sizeBytes} bytes long, which no record of Safelight's is; it was not read`,
    )
    return undefined
  }
  return readWhole(rebuild.deps.files, file)
}

/** The file's own name comes before `Versions/…`, so that it becomes the newest version. */
function depth(relative: string): number {
  return relative.split('/').length
}

function adopt(rebuild: Rebuild, folder: string, events: readonly LogEvent[]): ShootRow {
  const { journal, clock } = rebuild.deps
  const said = events.findLast((event) => event.event === 'source')
  const parts = folder.split('/')
  const label = parts[0] ?? folder
  const pathFromRoot = said?.pathFromRoot ?? parts.slice(1).join('/')
  const whereabouts: Omit<SourceRow, 'id' | 'label'> = {
    path: said?.root ?? '',
    ...(said?.volume === undefined ? {} : { volumeId: said.volume, pathOnVolume: said.pathOnVolume ?? '' }),
    devices: said?.sourceDevices ?? [],
  }
  const sources = listSources(journal)
  const known = sources.find((source) =>
    whereabouts.path === '' ? labelAt(journal, source, rebuild.place.id) === label : isSameSource(source, whereabouts),
  )
  const source =
    known ??
    addSource(
      journal,
      {
        label: freeLabel(
          sources.map((each) => each.label),
          label,
        ),
        ...whereabouts,
      },
      clock(),
    )
  if (source.label !== label) setLabelAt(journal, source.id, rebuild.place.id, label)
  return adoptShoot(journal, source, pathFromRoot, [source.label, ...parts.slice(1)].join('/'))
}

/** What lies under a path of a shoot; its time where the place shows one. */
function statAt(
  { deps, place }: Rebuild,
  folder: string,
  relative: string,
): { readonly sizeBytes: number; readonly mtimeMs?: number } | undefined {
  if (place.look) return place.look(`Photos/${folder}/${relative}`)
  const parts = relative.split('/')
  // Longer than a name can be anywhere: then it is nothing, and asking for it is an error.
  if (parts.some((part) => part.length > LONGEST_NAME) || relative.length > LONGEST_PATH) return undefined
  const stat = deps.files.stat(path.join(folderPath(place, folder), ...parts))
  return stat?.kind === 'file' ? stat : undefined
}

function rebuildCopy(
  rebuild: Rebuild,
  { row, folder, fileIds, seenMs }: ShootAtPlace,
  relative: string,
  hash: Hash,
  told: Telling | undefined,
): void {
  const { deps, place } = rebuild
  const parts = relative.split('/')
  const name = parts.at(-1) ?? relative
  const isOld = parts.length === 3 && parts[0] === 'Versions'
  if (parts.length !== 1 && !isOld) {
    find(rebuild, row.key, relative, 'the manifest names a file where no copy of Safelight’s lies; it was passed over')
    return
  }
  const stat = statAt(rebuild, folder, relative)
  if (!stat) find(rebuild, row.key, relative, 'the manifest lists it, and it is not there', 'missing')
  const sizeBytes = (place.look && told?.hash === hash ? told.sizeBytes : undefined) ?? stat?.sizeBytes ?? 0
  const content = { hash, sizeBytes, mtimeMs: told?.modifiedMs ?? stat?.mtimeMs ?? 0 }
  const known = fileIds.get(name)
  const fileId = known ?? saveFile(deps.journal, row.id, name, content)
  fileIds.set(name, fileId)
  const versionId = ensureVersion(deps.journal, fileId, content, seenMs(name, hash))
  noteFirstSeen(deps.journal, versionId, seenMs(name, hash))
  if (known === undefined) setNewestVersion(deps.journal, fileId, versionId)
  const state: CopyState = !stat ? 'missing' : told?.hash === hash ? told.state : 'written'
  saveCopy(deps.journal, {
    versionId,
    placeId: place.id,
    path: relative,
    state,
    sizeBytes: content.sizeBytes,
    mtimeMs: stat?.mtimeMs ?? 0,
    ...(state === 'verified' && told?.provenMs !== undefined
      ? { provenMs: told.provenMs, provenHow: told.how ?? 'cached' }
      : {}),
  })
  if (isOld) rebuild.versions += 1
  else rebuild.files += 1
}
