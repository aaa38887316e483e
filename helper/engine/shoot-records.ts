// The records beside one shoot's copies as they are read: manifest and log, believed only as far as they are well formed, stay below their
// folder and are what was sealed, and what both together say lies there. What becomes of it in the journal: learn-shoot.ts.
import path from 'node:path'
import { isLitter, isOwnFile } from '../files/scan.js'
import { hashBytes } from '../files/hash.js'
import { readWhole } from '../files/durable.js'
import type { ChainLine } from '../manifest/chain.js'
import { LOG_FILE, parseLog, type LogEvent } from '../manifest/log.js'
import { MANIFEST_FILE, parseManifest } from '../manifest/manifest.js'
import type { Hash } from '../model.js'
import type { OpenPlace } from '../place/places.js'
import type { Finding } from '../../shared/methods.js'
import type { EngineDeps } from './run.js'
import type { Telling } from './tellings.js'

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

export type LearningDeps = Pick<EngineDeps, 'files' | 'journal' | 'hash' | 'clock'>

export interface Learning {
  readonly deps: LearningDeps
  readonly place: RecordedPlace
  /** The journal knows this place and catches up: what lies under a name now takes the place of what lay there before. */
  readonly isLater: boolean
  readonly findings: Finding[]
  /** Lines of manifests that a later generation lacks and no log explains, in words. */
  readonly removed: string[]
  files: number
  versions: number
  shoots: number
}

export function folderPath(place: RecordedPlace, folder: string): string {
  return path.join(place.root, 'Photos', ...folder.split('/'))
}

export function find(learning: Learning, shoot: string, file: string, message: string, kind = 'manifest'): void {
  learning.findings.push({ kind, place: learning.place.name, shoot, file, message })
}

/** Every folder below Photos/ that holds a manifest or a log, in a steady order. */
export function* shootFolders(learning: Learning): Generator<string> {
  const { files } = learning.deps
  const waiting: string[] = ['']
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const at = folder === '' ? path.join(learning.place.root, 'Photos') : folderPath(learning.place, folder)
    if (files.stat(at)?.kind !== 'folder') continue
    const entries = files.list(at)
    if (folder !== '' && entries.some((entry) => entry.kind === 'file' && isOwnFile(entry.name))) yield folder
    const below = entries.filter(
      (entry) =>
        entry.kind === 'folder' && entry.name !== 'Versions' && entry.name !== 'Quarantine' && !isLitter(entry.name),
    )
    if (folder.split('/').length >= DEPTH_MAX) {
      if (below.length > 0) find(learning, folder, '', `folders nested deeper than ${DEPTH_MAX} were not looked at`)
      continue
    }
    waiting.push(
      ...below
        .map((entry) => (folder === '' ? entry.name : `${folder}/${entry.name}`))
        .sort((a, b) => (a < b ? 1 : -1)),
    )
  }
}

export interface Records {
  /** Empty where the log is not what was sealed. */
  readonly events: readonly LogEvent[]
  readonly manifest: ReturnType<typeof parseManifest>
  readonly manifestHash: Hash | undefined
  readonly line: ChainLine | undefined
  /** The manifest is the one that the chain's newest line about this shoot speaks of. */
  readonly isAsSealed: boolean
}

export function readRecords(learning: Learning, folder: string, line: ChainLine | undefined): Records {
  const { hash } = learning.deps
  const manifestBytes = readRecord(learning, folder, MANIFEST_FILE)
  const logBytes = readRecord(learning, folder, LOG_FILE) ?? Buffer.alloc(0)
  const log = parseLog(logBytes.toString('utf8'))
  const manifest = parseManifest(manifestBytes?.toString('utf8') ?? '')
  for (const number of manifest.badLines) find(learning, folder, MANIFEST_FILE, `line ${number} cannot be understood`)
  for (const number of log.badLines) find(learning, folder, LOG_FILE, `line ${number} cannot be understood`)
  const manifestHash = manifestBytes && hashBytes(hash, manifestBytes)
  const isAsSealed = line !== undefined && manifestHash === line.manifestHash
  if (line && !isAsSealed)
    find(learning, folder, MANIFEST_FILE, `it is not the manifest that was sealed as generation ${line.generation}`)
  // A rebuild has nothing else to go by; whoever knows the place already does without a log that was altered.
  const isLogGood = !learning.isLater || !line || hashBytes(hash, logBytes.subarray(0, line.logBytes)) === line.logHash
  return { events: isLogGood ? log.events : [], manifest, manifestHash, line, isAsSealed }
}

/** Where the two disagree, the one that was written last is right; a manifest that is not the one that was sealed is no witness at all: a
 *  name that it alone knows is an altered one where the log has that content by another.
 *  @param isThere  whether anything lies under a path of the shoot */
export function copiesOfRecords(
  { manifest, line, isAsSealed }: Records,
  told: ReadonlyMap<string, Telling>,
  isThere: (relative: string) => boolean,
): Map<string, Hash> {
  const sealedAtMs = line && isAsSealed ? Date.parse(line.at) : -Infinity
  const hashOf = (relative: string, listed: Hash): Hash => {
    const last = told.get(relative)
    return last !== undefined && last.atMs > sealedAtMs ? last.hash : listed
  }
  const known = new Set([...told.values()].map(({ hash }) => hash))
  const isAltered = (at: string, hash: Hash): boolean =>
    line !== undefined && !isAsSealed && known.has(hash) && !told.has(at) && !isThere(at)
  const entries = manifest.entries.filter(({ path: at, hash }) => !isAltered(at, hash))
  return new Map(entries.map(({ path: at, hash }) => [at, hashOf(at, hash)]))
}

/** The same where computers with clocks of their own write to one log: what comes behind the line of the seal was written after it. */
export function copiesNow(
  { events, manifest, line, isAsSealed }: Records,
  told: ReadonlyMap<string, Telling>,
): Map<string, Hash> {
  if (!line || !isAsSealed) return new Map()
  const sealedAt = events.findLastIndex((event) => event.event === 'sealed' && event.manifestHash === line.manifestHash)
  const since = pathsOf(events.slice(sealedAt + 1))
  return new Map(
    manifest.entries.flatMap(({ path: at, hash }): [string, Hash][] => {
      const last = told.get(at)
      if (sealedAt < 0 || !since.has(at)) return [[at, hash]]
      return last ? [[at, last.hash]] : []
    }),
  )
}

export function pathsOf(events: readonly LogEvent[]): Set<string> {
  return new Set(events.flatMap((event) => ('path' in event ? [event.path] : [])))
}

function readRecord(learning: Learning, folder: string, name: string): Buffer | undefined {
  const file = path.join(folderPath(learning.place, folder), name)
  const stat = learning.deps.files.stat(file)
  if (stat?.kind !== 'file') return undefined
  if (stat.sizeBytes > RECORD_MAX_BYTES) {
    find(
      learning,
      folder,
      name,
      `it is ${stat.sizeBytes} bytes long, which no record of Safelight's is; it was not read`,
    )
    return undefined
  }
  return readWhole(learning.deps.files, file)
}

/** What lies under a path of a shoot; its time where the place shows one. */
export function statAt(
  { deps, place }: Learning,
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
