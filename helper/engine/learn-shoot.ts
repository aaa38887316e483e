// What the records beside one shoot's copies say, taken into the journal: by a rebuild, and whenever another computer has gone on at a place
// that both write to.
import { hashBytes } from '../files/hash.js'
import {
  copiesAt,
  dropCopyAt,
  ensureVersion,
  filesOfShoot,
  noteFirstSeen,
  saveCopy,
  saveFile,
  setNewestVersion,
  type FileRow,
  type VersionRow,
} from '../journal/files.js'
import {
  addSource,
  adoptShoot,
  freeLabel,
  isShootOrFree,
  labelAt,
  listSources,
  saveSource,
  setLabelAt,
  type ShootRow,
  type SourceRow,
} from '../journal/shoots.js'
import { addStep, saveSeal, sealOf, stepsOf } from '../journal/steps.js'
import type { ChainLine } from '../manifest/chain.js'
import type { LogEvent } from '../manifest/log.js'
import { formatManifest } from '../manifest/manifest.js'
import { manifestEntries } from '../manifest/seal.js'
import type { CopyState, Hash } from '../model.js'
import {
  copiesNow,
  copiesOfRecords,
  find,
  pathsOf,
  readRecords,
  statAt,
  type Learning,
  type Records,
} from './shoot-records.js'
import { settleNewest } from './newest-content.js'
import { isSameSource } from './sources.js'
import { firstSeen, tellings, type Telling } from './tellings.js'

/** Takes in what the records of one shoot say. Inside the caller's transaction.
 *  @param line  the newest of the chain about it, where there is one */
export function learnShoot(learning: Learning, folder: string, line: ChainLine | undefined): ShootRow {
  const { deps, place } = learning
  const records = readRecords(learning, folder, line)
  const { isAsSealed, events } = records
  const told = tellings(events)
  const seen = firstSeen(events)
  const isThere = (relative: string): boolean => statAt(learning, folder, relative) !== undefined
  const copies = learning.isLater ? copiesNow(records, told) : copiesOfRecords(records, told, isThere)
  // Made after the last seal: the log has it, the manifest not yet.
  for (const [relative, { hash }] of told) if (!copies.has(relative) && isThere(relative)) copies.set(relative, hash)
  const row = adopt(learning, folder, events)
  learning.shoots += 1
  const files = filesOfShoot(deps.journal, row.id)
  const known = new Map(copiesAt(deps.journal, row.id, place.id).map((copy) => [copy.path, copy]))
  // Without a log a content was known at the latest when the manifest that lists it was sealed. What a manifest alone says that is not the one
  // that was sealed does not come after what other places say.
  const sealedMs = line && isAsSealed ? Date.parse(line.at) : line ? undefined : deps.clock()
  const shoot: ShootAtPlace = {
    row,
    folder,
    files,
    known,
    fileIds: new Map([...files].map(([name, file]) => [name, file.id])),
    seenMs: (name, { hash, mtimeMs }) => seen.get(`${hash} ${name}`) ?? sealedMs ?? mtimeMs,
  }
  if (learning.isLater) {
    noteRemoved(learning, shoot, records, told)
    forgetMoved(learning, shoot, events, told)
  }
  for (const [relative, hash] of [...copies].sort(([a], [b]) => depth(a) - depth(b)))
    learnCopy(learning, shoot, relative, hash, told.get(relative))
  if (line) noteSeal(learning, row, line, records)
  if (isAheadOfManifest(learning, records, copies))
    addStep(deps.journal, { kind: 'seal', shootId: row.id, placeId: place.id, payload: '' }, deps.clock())
  return row
}

/** The run that wrote it did not come to its seal, and the journal that owed it is lost. Whose manifest was altered is left for a verification
 *  to find; a bucket is sealed nowhere but where its records come from. */
function isAheadOfManifest(
  { isLater, place }: Learning,
  { manifest, manifestHash, line, isAsSealed }: Records,
  copies: ReadonlyMap<string, Hash>,
): boolean {
  if (isLater || place.look || !(line ? isAsSealed : manifestHash === undefined)) return false
  const listed = new Map(manifest.entries.map((entry) => [entry.path, entry.hash]))
  return [...copies].some(([at, hash]) => listed.get(at) !== hash)
}

/** What lay under a name and was moved or removed, as the log says, lies there no more. What is gone and no line says why stays known: it is
 *  missing. */
function forgetMoved(
  { deps, place }: Learning,
  { known }: ShootAtPlace,
  events: readonly LogEvent[],
  told: ReadonlyMap<string, Telling>,
): void {
  const spokenOf = pathsOf(events)
  for (const [at, copy] of known)
    if (spokenOf.has(at) && !told.has(at)) dropCopyAt(deps.journal, copy.fileId, place.id, at)
}

/** Whoever seals lists what was listed before, but for what the log says was moved or removed. */
function noteRemoved(
  { deps: { journal }, place, removed }: Learning,
  { row, folder, known }: ShootAtPlace,
  { events, manifest, line, isAsSealed }: Records,
  told: ReadonlyMap<string, Telling>,
): void {
  const isOwed = stepsOf(journal, 'seal').some(({ placeId, shootId }) => placeId === place.id && shootId === row.id)
  if (!line || !isAsSealed || isOwed || sealOf(journal, row.id, place.id) === undefined) return
  const listed = new Set(manifest.entries.map((entry) => entry.path))
  const spokenOf = pathsOf(events)
  for (const at of known.keys())
    if (!listed.has(at) && !(spokenOf.has(at) && !told.has(at)))
      removed.push(`generation ${line.generation} of ${folder} does not list ${at} any more, and no line says why`)
}

/** What the chain says of the newest generation, where the manifest is that one; or where it is the beginning of a further one, whose seal was
 *  interrupted: then it is sealed by whoever writes here next. Anything else is left for a verification to find. */
function noteSeal(
  { deps, place, isLater }: Learning,
  row: ShootRow,
  line: ChainLine,
  { isAsSealed, manifestHash }: Records,
): void {
  const { journal } = deps
  const own = isLater
    ? hashBytes(deps.hash, Buffer.from(formatManifest(manifestEntries(journal, row.id, place.id)), 'utf8'))
    : line.manifestHash
  if (!isAsSealed && !(isLater && own === manifestHash)) return
  const { generation, manifestHash: sealed } = line
  saveSeal(journal, row.id, place.id, { generation, manifestHash: sealed, sealedMs: Date.parse(line.at) })
  if (own !== sealed) addStep(journal, { kind: 'seal', shootId: row.id, placeId: place.id, payload: '' }, deps.clock())
}

type CopyHere = ReturnType<typeof copiesAt>[number]

interface ShootAtPlace {
  readonly row: ShootRow
  /** Below `Photos/`. */
  readonly folder: string
  /** As the journal knew it before. */
  readonly files: ReadonlyMap<string, FileRow>
  /** The same of its copies here, by path. */
  readonly known: ReadonlyMap<string, CopyHere>
  /** Files of the shoot that the journal knows, by name; grows. */
  readonly fileIds: Map<string, number>
  /** When a content of a file was first known. */
  readonly seenMs: (name: string, content: Pick<VersionRow, 'hash' | 'mtimeMs'>) => number
}

/** The file's own name comes before `Versions/…`, so that it becomes the newest version. */
function depth(relative: string): number {
  return relative.split('/').length
}

function adopt(learning: Learning, folder: string, events: readonly LogEvent[]): ShootRow {
  const { journal, clock } = learning.deps
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
  const isOfLabel = (source: SourceRow): boolean => labelAt(journal, source, learning.place.id) === label
  const keyIn = (source: SourceRow): string => [source.label, ...parts.slice(1)].join('/')
  // Not where a name that differs in case alone is taken in it: then this shoot would have to have another.
  const isFreeFor = (source: SourceRow): boolean => isShootOrFree(journal, source, pathFromRoot, keyIn(source))
  // A log that was lost or altered does not say where its source lies: then the name decides, whichever of the two was read first.
  const known =
    whereabouts.path === ''
      ? sources.find(isOfLabel)
      : (sources.find((source) => isSameSource(source, whereabouts)) ??
        sources.find((source) => source.path === '' && isOfLabel(source) && isFreeFor(source)))
  if (known?.path === '' && whereabouts.path !== '') saveSource(journal, { ...known, ...whereabouts }, clock())
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
  if (source.label !== label) setLabelAt(journal, source.id, learning.place.id, label)
  return adoptShoot(journal, source, pathFromRoot, keyIn(source))
}

function learnCopy(
  learning: Learning,
  shoot: ShootAtPlace,
  relative: string,
  hash: Hash,
  told: Telling | undefined,
): void {
  const { deps, place } = learning
  const { row, folder, fileIds, seenMs } = shoot
  const parts = relative.split('/')
  const name = parts.at(-1) ?? relative
  const isOld = parts.length === 3 && parts[0] === 'Versions'
  if (parts.length !== 1 && !isOld) {
    find(learning, row.key, relative, 'the manifest names a file where no copy of Safelight’s lies; it was passed over')
    return
  }
  const stat = statAt(learning, folder, relative)
  if (!stat) find(learning, row.key, relative, 'the manifest lists it, and it is not there', 'missing')
  const toldBytes = told?.hash === hash ? told.sizeBytes : undefined
  const sizeBytes = (place.look ? toldBytes : undefined) ?? stat?.sizeBytes ?? toldBytes ?? 0
  const content = { hash, sizeBytes, mtimeMs: told?.modifiedMs ?? stat?.mtimeMs ?? 0 }
  const state: CopyState = !stat ? 'missing' : told?.hash === hash ? told.state : 'written'
  const known = fileIds.get(name)
  const fileId = known ?? saveFile(deps.journal, row.id, name, content)
  fileIds.set(name, fileId)
  const versionId = ensureVersion(deps.journal, fileId, content, seenMs(name, content))
  noteFirstSeen(deps.journal, versionId, seenMs(name, content))
  if (known === undefined) setNewestVersion(deps.journal, fileId, versionId)
  else if (!isOld) settleNewest(learning, shoot, name, { ...content, versionId, state })
  const before = shoot.known.get(relative)
  if (learning.isLater && before) {
    if (before.hash !== hash) dropCopyAt(deps.journal, before.fileId, place.id, relative)
    else if (stat && isKnownAsWell(before, told)) return
  }
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
  if (isOld) learning.versions += 1
  else learning.files += 1
}

/** What we proved ourselves stands beside what another computer proved: the later proof counts. */
function isKnownAsWell(before: CopyHere, told: Telling | undefined): boolean {
  if (told?.hash !== before.hash) return true
  const isGood = before.state === 'verified' && told.state !== 'damaged' && told.state !== 'missing'
  return isGood && (before.provenMs ?? 0) >= (told.provenMs ?? 0)
}
