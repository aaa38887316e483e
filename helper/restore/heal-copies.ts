// Healing the copies of one shoot at one place: which look bad, whether they are, where good bytes are, and the exchange. Bytes first, then
// the log beside them, then the journal; a crash between two of them is "run it again".
import path from 'node:path'
import { systemCode } from '../errors.js'
import { reReadUnproven, sealPending } from '../engine/finish.js'
import type { CopyJob, CopyOutcome, Failure, ReadMethod, Target } from '../engine/jobs.js'
import { deviceOf } from '../engine/record-draft.js'
import type { BackupRun } from '../engine/run.js'
import { obstacleBelow } from '../files/inside.js'
import { dropCopyAt, saveCopy, setCopyState, type CopyRow } from '../journal/files.js'
import { historyOfShoot, type FileHistory, type PastVersion } from '../journal/history.js'
import { listShoots, type ShootRow } from '../journal/shoots.js'
import { addStep, sealOf, stepsOf } from '../journal/steps.js'
import { appendEvents, modifiedAt, type LogEvent } from '../manifest/log.js'
import { MANIFEST_FILE } from '../manifest/manifest.js'
import { WORKING, type FileStat, type Hash } from '../model.js'
import { isStillThere, type OpenPlace } from '../place/places.js'
import type { HealResult } from '../../shared/methods.js'
import { openCopy, type OpenBucket } from './bucket.js'
import { canBeTried, triedInWords, type Candidate, type CopyFinder, type Failed } from './copies.js'
import type { Fetcher } from './fetch.js'
import { planFiles } from './plan.js'
import { clearBelow, placeFacts } from './select.js'

export interface HealRun {
  readonly engine: BackupRun
  readonly finder: CopyFinder
  readonly fetcher: Fetcher
  /** Good bytes may come from these; what is damaged there is sent again by healBucket. */
  readonly buckets: readonly OpenBucket[]
  readonly isDryRun: boolean
  readonly healed: HealResult['copies'][number][]
  readonly tally: { checked: number; good: number; bytesCopied: number }
  /** Names in Quarantine/ that this run has given. */
  readonly quarantines: Set<string>
}

/** A copy that the journal calls bad, or that does not look as it was written. */
export interface Suspect {
  readonly shoot: ShootRow
  readonly place: OpenPlace
  readonly file: FileHistory
  readonly version: PastVersion
  readonly copy: CopyRow
}

const WRITES_TRIED = 3

export function findSuspects({ engine, finder }: HealRun, shoot: ShootRow, place: OpenPlace): Suspect[] {
  const { files } = engine.deps
  return historyOfShoot(engine.deps.journal, shoot.id).flatMap((file) =>
    file.versions.flatMap((version) =>
      version.copies
        .filter((copy) => copy.placeId === place.id && copy.state !== 'planned')
        .filter((copy) => {
          if (copy.state === 'damaged' || copy.state === 'missing') return true
          const found = finder.locate(shoot, copy)
          if (!('file' in found)) return 'kind' in found && found.kind !== 'away'
          const stat = files.stat(found.file)
          return stat?.sizeBytes !== copy.sizeBytes || stat.mtimeMs !== copy.mtimeMs
        })
        .map((copy) => ({ shoot, place, file, version, copy })),
    ),
  )
}

/** @param suspects  of one shoot at one place */
export async function healCopies(run: HealRun, suspects: readonly Suspect[]): Promise<void> {
  const { engine, isDryRun } = run
  const [first] = suspects
  if (!first || engine.signal.aborted || engine.failedPlaces.has(first.place.id)) return
  if (!isDryRun) clearBefore(run, suspects)
  const results = await Promise.all(suspects.map((suspect) => healCopy(run, suspect)))
  if (isDryRun) return
  try {
    writeDown(run, first, results)
  } catch (error) {
    if (systemCode(error) === '') throw error
    engine.failPlace(first.place.id, error)
  }
}

/** What a heal that was killed left half written. */
function clearBefore({ engine, finder }: HealRun, suspects: readonly Suspect[]): void {
  const folders = new Map(
    suspects.flatMap(({ shoot, place, copy }) => {
      const folder = finder.folderOf(shoot, place)
      return folder === undefined ? [] : [[path.dirname(path.join(folder, ...copy.path.split('/'))), place]]
    }),
  )
  for (const [folder, place] of folders) {
    try {
      clearBelow(engine.deps, place.root, folder)
    } catch (error) {
      if (systemCode(error) === '') throw error
      engine.failPlace(place.id, error)
    }
  }
}

/** What was written is proven, and the manifests say what is there. @throws nothing that a drive does: it is out of the run then */
export async function finishAt(run: HealRun, place: OpenPlace): Promise<void> {
  const { engine } = run
  const isOver = (): boolean => engine.signal.aborted || engine.failedPlaces.has(place.id)
  if (!isOver()) await reReadUnproven(engine, place)
  try {
    if (isOver() || !isStillThere(engine.deps.files, place)) return
    clearUnsealed(run, place)
    sealPending(engine, place)
  } catch (error) {
    if (systemCode(error) === '') throw error
    engine.failPlace(place.id, error)
  }
}

/** What a run that was killed while it sealed left half written: its steps are still there. */
function clearUnsealed({ engine, finder }: HealRun, place: OpenPlace): void {
  const { deps } = engine
  const rows = new Map(listShoots(deps.journal).map((row) => [row.id, row]))
  for (const { placeId, shootId } of stepsOf(deps.journal, 'seal')) {
    const row = placeId === place.id ? rows.get(shootId) : undefined
    const folder = row && finder.folderOf(row, place)
    if (folder !== undefined) clearBelow(deps, place.root, folder)
  }
}

/** What is to be written down about one copy. */
interface Result {
  readonly events: readonly LogEvent[]
  readonly record: () => void
}

const NOTHING: Result = { events: [], record: () => undefined }

function writeDown(run: HealRun, { shoot, place }: Suspect, results: readonly Result[]): void {
  const { files, journal, clock } = run.engine.deps
  const folder = run.finder.folderOf(shoot, place)
  const events = results.flatMap((result) => result.events)
  if (folder === undefined) return
  if (!isStillThere(files, place)) throw Object.assign(new Error('the drive is no longer there'), { code: 'ENODEV' })
  // Where a link has taken the folder's place, nothing is written through it.
  const isReal = obstacleBelow(files, place.root, folder) === undefined
  if (events.length > 0 && isReal) appendEvents(files, place.root, folder, events)
  const isUnsealed =
    isReal &&
    files.stat(path.join(folder, MANIFEST_FILE)) === undefined &&
    sealOf(journal, shoot.id, place.id) !== undefined
  journal.transaction(() => {
    for (const { record } of results) record()
    if (isUnsealed) addStep(journal, { kind: 'seal', shootId: shoot.id, placeId: place.id, payload: '' }, clock())
  })
}

// ── one copy ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What is wrong with a copy. */
interface Trouble {
  readonly was: 'damaged' | 'missing' | 'unreadable'
  readonly why: string
  /** Of what was read. */
  readonly hash?: Hash
  readonly how?: ReadMethod
}

async function healCopy(run: HealRun, suspect: Suspect): Promise<Result> {
  const { engine } = run
  const trouble = await examine(run, suspect)
  if (trouble === 'stopped') return NOTHING
  run.tally.checked += 1
  engine.counts.done += 1
  if (!('was' in trouble)) return foundGood(run, suspect, trouble)
  const { shoot, place, copy } = suspect
  const folder = run.finder.folderOf(shoot, place)
  const final = folder === undefined ? undefined : path.join(folder, ...copy.path.split('/'))
  const obstacle = final === undefined ? copy.path : obstacleBelow(engine.deps.files, place.root, path.dirname(final))
  if (final === undefined || obstacle !== undefined)
    return foundHopeless(
      run,
      suspect,
      trouble,
      [],
      `${obstacle ?? copy.path} is a link or leads out of the drive’s folder`,
    )
  return exchange(run, suspect, trouble, final)
}

/** Reads the copy again. @returns what is wrong with it, or what was read when nothing is */
async function examine(
  { engine, finder }: HealRun,
  { shoot, copy, version }: Suspect,
): Promise<Trouble | { hash: Hash; how: ReadMethod; stat: FileStat } | 'stopped'> {
  const found = finder.locate(shoot, copy)
  if (!('file' in found)) {
    if ('remote' in found || found.kind === 'away') return 'stopped'
    return { was: found.kind === 'unreadable' ? 'unreadable' : 'missing', why: found.why }
  }
  const job = { kind: 'hash', file: found.file, sizeBytes: version.sizeBytes, fromDevice: true } as const
  const { result } = await engine.deps.pool.run(job)
  if ('failure' in result) {
    if (result.failure.kind === 'stopped') return 'stopped'
    const was = result.failure.kind === 'vanished' ? 'missing' : 'unreadable'
    return { was, why: result.failure.message }
  }
  if (result.hash === version.hash) return result
  const why = `it reads ${result.hash.slice(0, 12)}… where ${version.hash.slice(0, 12)}… was written`
  return { was: 'damaged', why, hash: result.hash, how: result.how }
}

function foundGood(run: HealRun, suspect: Suspect, read: { hash: Hash; how: ReadMethod; stat: FileStat }): Result {
  const { journal, clock } = run.engine.deps
  run.tally.good += 1
  return {
    events: [{ event: 'verified', ...common(run, suspect), copyHash: read.hash, read: read.how }],
    record: () => saveCopy(journal, provenCopy(suspect, read.stat, 'verified', clock(), read.how)),
  }
}

function foundHopeless(
  run: HealRun,
  suspect: Suspect,
  { was, why, hash, how }: Trouble,
  failed: readonly Failed[],
  more = '',
): Result {
  const { shoot, place, file, copy } = suspect
  const tried = failed.length === 0 ? 'No other copy is known.' : failed.map(triedInWords).join('; ')
  run.engine.find({
    kind: was,
    place: place.name,
    shoot: shoot.key,
    file: copy.path,
    message: `${why}; ${more === '' ? 'no copy in reach matches the reference' : more}, so nothing was touched. ${tried}`,
  })
  if (copy.state === was) return NOTHING
  const proof = hash === undefined || how === undefined ? { why } : { copyHash: hash, read: how }
  return {
    events: [{ event: was, ...common(run, suspect), ...proof, file: file.name }],
    record: () => {
      if (was !== 'unreadable') setCopyState(run.engine.deps.journal, copy, was)
    },
  }
}

// ── the exchange ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function exchange(run: HealRun, suspect: Suspect, trouble: Trouble, final: string): Promise<Result> {
  const { engine } = run
  const { place, copy } = suspect
  const isInTheWay = engine.deps.files.stat(final) !== undefined
  const to = isInTheWay ? freeQuarantine(run, suspect, final) : undefined
  const folder = path.dirname(final)
  const shootFolder = final.slice(0, final.length - path.join(...copy.path.split('/')).length - 1)
  const target: Target = {
    place: place.id,
    root: place.root,
    marker: place.markerIdentity,
    folder,
    name: path.basename(final),
    ...(to === undefined ? {} : { moveOldTo: path.join(shootFolder, ...to.split('/')) }),
  }
  const failed: Failed[] = []
  for (const source of goodCopies(run, suspect, failed)) {
    const came = await bring(run, suspect.version, source, target)
    if (came.kind === 'bad-copy') {
      failed.push(came.failed)
      noteDamaged(run, came.failed)
      continue
    }
    if (came.kind === 'failed') return targetFailed(run, suspect, trouble, came, to)
    note(run, suspect, trouble, source, came.kind === 'copied' && came.movedOld ? to : undefined)
    return came.kind === 'would-do' ? NOTHING : done(run, suspect, trouble, came, to)
  }
  return foundHopeless(run, suspect, trouble, failed)
}

/** Every copy that might be good, the best first; those that cannot be read go to `failed`. */
export function* goodCopies(
  { engine, finder, buckets }: HealRun,
  { shoot, place, file, version, copy }: Omit<Suspect, 'place'> & { readonly place: OpenPlace | undefined },
  failed: Failed[],
): Generator<Candidate> {
  const others = version.copies.filter((each) => each.placeId !== copy.placeId || each.path !== copy.path)
  const wanted = { name: file.name, version, copies: others, isNewest: true, isAsked: true }
  const places = placeFacts(engine.deps.journal, engine.livePlaces(), buckets)
  const [plan] = planFiles({ wanted: [wanted], places, found: new Map() })
  const tried: CopyRow[] = [copy]
  for (const each of plan?.candidates ?? []) {
    tried.push(each)
    const found = finder.locate(shoot, each)
    if (canBeTried(found)) yield found
    else failed.push(found)
  }
  yield* finder.elsewhere(version.hash, tried)
  if (place) yield* finder.original(shoot, file.name, version.copies)
  for (const id of plan?.away ?? []) {
    const away = others.find((each) => each.placeId === id)
    if (away) failed.push({ copy: away, where: nameOf(engine, id), kind: 'away', why: 'connect it and heal again' })
  }
}

function nameOf(engine: BackupRun, placeId: string): string {
  const row = engine.deps.journal.get('SELECT name FROM places WHERE id = ?', [placeId])
  return typeof row?.['name'] === 'string' ? row['name'] : placeId
}

export type Came =
  | {
      readonly kind: 'copied'
      readonly movedOld: boolean
      readonly stat: FileStat
      readonly how: ReadMethod
      readonly hash: Hash
    }
  | { readonly kind: 'would-do' }
  | { readonly kind: 'bad-copy'; readonly failed: Failed }
  | { readonly kind: 'failed'; readonly movedOld: boolean; readonly failure: Failure }

/** Copies the bytes of a version from one place to another, or, in a dry run, only reads them. */
export async function bring(run: HealRun, version: PastVersion, source: Candidate, target: Target): Promise<Came> {
  const { copy, where } = source
  if ('file' in source) return bringFile(run, version, { copy, where, file: source.file }, target)
  const { signal } = run.engine
  const { hash, sizeBytes } = version
  if (run.isDryRun) {
    const found = await openCopy(source.remote.bucket, source.remote.path, hash, signal)
    return found
      ? { kind: 'would-do' }
      : { kind: 'bad-copy', failed: { copy, where, kind: 'missing', why: 'there is no such object' } }
  }
  const fetched = await run.fetcher.fetch({ ...source.remote, hash, sizeBytes, mayGiveWay: false }, signal)
  if (fetched.kind === 'stopped')
    return { kind: 'failed', movedOld: false, failure: { kind: 'stopped', message: fetched.why } }
  if (fetched.kind !== 'fetched') return { kind: 'bad-copy', failed: { ...fetched, kind: fetched.kind, copy, where } }
  try {
    return await bringFile(run, version, { copy, where, file: fetched.file }, target)
  } finally {
    await fetched.release()
  }
}

async function bringFile(
  { engine, finder, isDryRun }: HealRun,
  version: PastVersion,
  { file, copy, where }: { readonly copy: CopyRow; readonly where: string; readonly file: string },
  target: Target,
): Promise<Came> {
  const bad = (kind: Failed['kind'], why: string): Came => ({ kind: 'bad-copy', failed: { copy, where, kind, why } })
  const differs = (hash: Hash): Came =>
    bad('damaged', `it reads ${hash.slice(0, 12)}… where ${version.hash.slice(0, 12)}… was written`)
  const { pool } = engine.deps
  if (isDryRun) {
    const { result } = await pool.run({ kind: 'hash', file, sizeBytes: version.sizeBytes, fromDevice: true })
    if ('failure' in result) return bad('unreadable', result.failure.message)
    return result.hash === version.hash ? { kind: 'would-do' } : differs(result.hash)
  }
  const job: CopyJob = {
    kind: 'copy',
    from: file,
    expected: { sizeBytes: version.sizeBytes, mtimeMs: version.mtimeMs, ctimeMs: 0, inode: 0, device: 0 },
    targets: [target],
    mustHash: version.hash,
    ...(version.mtimeMs > 0 ? { mtimeMs: version.mtimeMs } : {}),
  }
  for (let attempt = 1; ; attempt++) {
    const { source, targets }: CopyOutcome = await pool.run(job)
    if ('failure' in source) {
      if (source.failure.kind === 'stopped') return { kind: 'failed', movedOld: false, failure: source.failure }
      return bad(
        finder.isAway(copy.placeId) && copy.placeId !== WORKING ? 'away' : 'unreadable',
        source.failure.message,
      )
    }
    if (source.hash !== version.hash) return differs(source.hash)
    const [outcome] = targets
    const movedOld = outcome?.movedOld === true
    if (outcome?.result.kind === 'copied') {
      const { stat, how, readBack } = outcome.result
      return { kind: 'copied', movedOld, stat, how, hash: readBack }
    }
    const failure: Failure =
      outcome?.result.kind === 'failed'
        ? outcome.result.failure
        : { kind: 'place-failing', message: 'nothing was written' }
    if (failure.kind !== 'differs-after-write' || attempt >= WRITES_TRIED) return { kind: 'failed', movedOld, failure }
  }
}

/** A copy that was tried as a source and is not good is to be healed itself, the next time if not now. */
function noteDamaged({ engine, isDryRun }: HealRun, { copy, kind }: Failed): void {
  if (kind === 'damaged' && copy.placeId !== WORKING && !isDryRun) setCopyState(engine.deps.journal, copy, 'damaged')
}

function note(
  run: HealRun,
  suspect: Suspect,
  { was }: Trouble,
  source: Candidate,
  quarantined: string | undefined,
): void {
  const { place, shoot, copy, version } = suspect
  if (!run.isDryRun) run.tally.bytesCopied += version.sizeBytes
  run.healed.push({
    place: place.name,
    shoot: shoot.key,
    file: copy.path,
    was,
    from: source.where,
    ...(quarantined === undefined ? {} : { quarantined }),
  })
}

function done(
  run: HealRun,
  suspect: Suspect,
  trouble: Trouble,
  came: Extract<Came, { kind: 'copied' }>,
  to: string | undefined,
): Result {
  const { journal, clock, hash } = run.engine.deps
  const { shoot, place, file, version, copy } = suspect
  const steps = { shootId: shoot.id, placeId: place.id, payload: '' }
  const { device, ...facts } = common(run, suspect)
  return {
    events: [
      ...quarantineEvents(run, suspect, trouble, came.movedOld ? to : undefined),
      {
        event: 'copied',
        ...facts,
        bytes: version.sizeBytes,
        modified: modifiedAt(version.mtimeMs > 0 ? version.mtimeMs : came.stat.mtimeMs),
        copyHash: came.hash,
        read: came.how,
        device,
        by: hash.name,
      },
    ],
    record: () => {
      dropCopyAt(journal, file.id, place.id, copy.path)
      // A cached read right after writing proves little: it is read again at the end before it counts as verified.
      const state = came.how === 'direct' ? 'verified' : 'written'
      saveCopy(journal, provenCopy(suspect, came.stat, state, clock(), came.how))
      addStep(journal, { kind: 'seal', ...steps }, clock())
      if (state === 'written') addStep(journal, { kind: 're-read', ...steps }, clock())
    },
  }
}

const PLACE_ENDS: Partial<Record<Failure['kind'], string>> = {
  'place-away': 'ENODEV',
  'place-full': 'ENOSPC',
  'place-read-only': 'EROFS',
}

function targetFailed(
  run: HealRun,
  suspect: Suspect,
  trouble: Trouble,
  { failure, movedOld }: { readonly failure: Failure; readonly movedOld: boolean },
  to: string | undefined,
): Result {
  const { place, shoot, copy } = suspect
  if (failure.kind === 'stopped') return NOTHING
  const code = PLACE_ENDS[failure.kind]
  if (code !== undefined) run.engine.failPlace(place.id, Object.assign(new Error(failure.message), { code }))
  else
    run.engine.find({
      kind: 'unwritable',
      place: place.name,
      shoot: shoot.key,
      file: copy.path,
      message: `a good copy is there, and could not be written to this drive (${failure.message})`,
    })
  if (!movedOld) return NOTHING
  return {
    events: quarantineEvents(run, suspect, trouble, to),
    record: () => setCopyState(run.engine.deps.journal, copy, 'missing'),
  }
}

function quarantineEvents(
  run: HealRun,
  { file, copy }: Suspect,
  { hash, why }: Trouble,
  to: string | undefined,
): LogEvent[] {
  if (to === undefined) return []
  const copyHash = hash === undefined ? {} : { copyHash: hash }
  return [{ event: 'quarantined', at: run.engine.iso(), file: file.name, path: copy.path, to, ...copyHash, why }]
}

/** A name in Quarantine/ that nothing has, below the shoot's folder. */
function freeQuarantine(run: HealRun, { shoot, place, copy }: Suspect, final: string): string {
  const { files, clock } = run.engine.deps
  const folder = run.finder.folderOf(shoot, place) ?? path.dirname(final)
  for (let atMs = clock(); ; atMs++) {
    const stamp = new Date(atMs).toISOString().replaceAll(/[-:]/g, '').replace('.', '-')
    const to = `Quarantine/${stamp}/${copy.path.split('/').at(-1) ?? copy.path}`
    const at = path.join(folder, ...to.split('/'))
    if (run.quarantines.has(at) || files.stat(at) !== undefined) continue
    run.quarantines.add(at)
    return to
  }
}

function common(run: HealRun, { place, file, copy, version }: Suspect) {
  return { at: run.engine.iso(), file: file.name, path: copy.path, sourceHash: version.hash, device: deviceOf(place) }
}

function provenCopy(
  { version, copy }: Suspect,
  stat: FileStat,
  state: 'verified' | 'written',
  nowMs: number,
  how: ReadMethod,
): CopyRow {
  const { sizeBytes, mtimeMs } = stat
  const proof = state === 'verified' ? { provenMs: nowMs, provenHow: how } : {}
  return { versionId: version.id, placeId: copy.placeId, path: copy.path, state, sizeBytes, mtimeMs, ...proof }
}
