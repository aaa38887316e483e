// Verifying: every copy is read again and compared with its reference hash, every manifest with the chain, every folder with its manifest.
// What is found is recorded, good or bad, beside the copies and in the journal; nothing is mended here.
import path from 'node:path'
import { ERROR_CODES, SafelightError, shootUnknown, systemCode } from '../errors.js'
import { linkOnTheWay } from '../files/durable.js'
import { copiesAt, setCopyState, type CopyRow } from '../journal/files.js'
import { listPlaces } from '../journal/places.js'
import { listShoots, type ShootRow } from '../journal/shoots.js'
import { finishStep } from '../journal/steps.js'
import { appendEvents, type LogEvent } from '../manifest/log.js'
import { WORKING, type Hash } from '../model.js'
import { isStillThere, stateOfPlace, type OpenPlace } from '../place/places.js'
import type { Finding, VerifyResult } from '../../shared/methods.js'
import { sealPending, shootFolderAt } from './finish.js'
import type { HashOutcome } from './jobs.js'
import { exitOfFindings } from './outcome.js'
import { ProgressMeter, type OnProgress } from './progress.js'
import { deviceOf } from './record-draft.js'
import { BackupRun, type EngineDeps } from './run.js'
import { ChainView, checkChain, checkManifest, findExtras } from './verify-records.js'
import { verifyOriginals } from './verify-originals.js'

export interface VerifyRequest {
  /** Shoot ids; one stands for all below it too. Every shoot when empty. */
  readonly shoots: readonly string[]
  /** Open places to read. */
  readonly places: readonly OpenPlace[]
  /** Open places with whose copies changed originals are compared; the ones that are read when left out. */
  readonly compareWith?: readonly OpenPlace[]
  /** Read the originals as well. */
  readonly withOriginals: boolean
  /** Only these of the copies; all when left out. */
  readonly only?: (copy: Pick<CopyRow, 'versionId' | 'placeId' | 'path'>) => boolean
  /** Keeps other work off the journal and the places for the length of one shoot; new photos need not wait for a whole verification. */
  exclusively<T>(act: () => Promise<T>): Promise<T>
}

/** What a verification has seen so far. */
export interface Tally {
  checked: number
  good: number
  bytesRead: number
  direct: number
  cached: number
}

export async function verifyCopies(
  deps: EngineDeps,
  request: VerifyRequest,
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<VerifyResult> {
  const run = new BackupRun(deps, request.places, signal)
  const shoots = chooseShoots(listShoots(deps.journal), request.shoots)
  const tally: Tally = { checked: 0, good: 0, bytesRead: 0, direct: 0, cached: 0 }
  const meter = new ProgressMeter(deps.pool, run.counts, onProgress, deps.clock)
  const stop = (): void => deps.pool.stop()
  let away: readonly string[] = []
  signal.addEventListener('abort', stop, { once: true })
  try {
    meter.begin('verifying', countCopies(run, shoots, request), 0)
    for (const place of request.places) await verifyPlace(run, place, shoots, tally, request)
    if (request.withOriginals) away = await verifyOriginals(run, shoots, tally, request)
  } finally {
    signal.removeEventListener('abort', stop)
    meter.close()
  }
  return resultOf(run, request, tally, away)
}

/** @throws SHOOT_UNKNOWN */
export function chooseShoots(all: readonly ShootRow[], wanted: readonly string[]): ShootRow[] {
  if (wanted.length === 0) return [...all]
  const chosen = new Set<ShootRow>()
  for (const id of wanted.map((each) => each.replace(/\/+$/, ''))) {
    const found = all.filter((shoot) => shoot.key === id || shoot.key.startsWith(`${id}/`))
    if (found.length === 0) throw shootUnknown(id)
    for (const shoot of found) chosen.add(shoot)
  }
  return [...chosen]
}

function countCopies(run: BackupRun, shoots: readonly ShootRow[], request: VerifyRequest): number {
  const places = [...request.places.map((place) => place.id), ...(request.withOriginals ? [WORKING] : [])]
  return shoots.reduce(
    (sum, shoot) => sum + places.reduce((n, place) => n + copiesAt(run.deps.journal, shoot.id, place).length, 0),
    0,
  )
}

async function verifyPlace(
  run: BackupRun,
  place: OpenPlace,
  shoots: readonly ShootRow[],
  tally: Tally,
  request: VerifyRequest,
): Promise<void> {
  try {
    // A run that was killed may have left a manifest one generation behind: that is no finding, it is a step to be finished.
    await request.exclusively(() => {
      sealPending(run, place)
      return Promise.resolve()
    })
    checkChain(run, place)
    const chain = new ChainView(run, place)
    for (const shoot of shoots) {
      if (run.signal.aborted || run.failedPlaces.has(place.id)) return
      await request.exclusively(() => verifyShoot(run, place, shoot, { tally, chain, only: request.only }))
    }
  } catch (error) {
    if (systemCode(error) === '') throw error
    run.failPlace(place.id, error)
  }
}

interface Reading {
  readonly copy: CopyRow & { readonly hash: Hash; readonly name: string }
  readonly result: HashOutcome['result']
}

async function verifyShoot(
  run: BackupRun,
  place: OpenPlace,
  shoot: ShootRow,
  { tally, chain, only }: { readonly tally: Tally; readonly chain: ChainView; readonly only: VerifyRequest['only'] },
): Promise<void> {
  const { journal, pool, files } = run.deps
  const folder = shootFolderAt(run, place, shoot)
  const link = linkOnTheWay(files, place.root, folder)
  if (link !== undefined) {
    run.find({
      kind: 'unreadable',
      place: place.name,
      shoot: shoot.key,
      file: '',
      message: `${link} is a link that leads away from the drive; what it leads to was not read, and is no copy`,
    })
    return
  }
  const all = copiesAt(journal, shoot.id, place.id)
  const copies = only ? all.filter(only) : all
  if (only && copies.length === 0) return
  const readings: Reading[] = await Promise.all(
    copies.map(async (copy) => {
      const { result } = await pool.run({
        kind: 'hash',
        file: path.join(folder, ...copy.path.split('/')),
        sizeBytes: copy.sizeBytes,
        fromDevice: true,
      })
      run.counts.done += 1
      return { copy, result }
    }),
  )
  if (!isStillThere(files, place)) {
    run.failPlace(place.id, Object.assign(new Error('the drive is no longer there'), { code: 'ENODEV' }))
    return
  }
  const finished = readings.filter(({ result }) => !('failure' in result && result.failure.kind === 'stopped'))
  const events = finished.map((reading) => judge(run, place, shoot, reading, tally))
  // Before anything is added to the log, which is one of the records that are checked.
  checkManifest(run, place, shoot, chain)
  if (copies.length === 0) return
  findExtras(run, place, shoot, folder, new Set(all.map((copy) => copy.path)))
  appendWhereWritable(run, place, folder, events)
  journal.transaction(() => finished.forEach((reading) => record(run, place, shoot, reading)))
}

/** @returns the line for the log */
function judge(run: BackupRun, place: OpenPlace, shoot: ShootRow, { copy, result }: Reading, tally: Tally): LogEvent {
  const common = { at: run.iso(), file: copy.name, path: copy.path, sourceHash: copy.hash, device: deviceOf(place) }
  const find = (kind: string, message: string): void =>
    run.find({ kind, place: place.name, shoot: shoot.key, file: copy.path, message })
  tally.checked += 1
  if ('failure' in result) {
    const event = result.failure.kind === 'vanished' ? 'missing' : 'unreadable'
    find(
      event,
      event === 'missing' ? 'the copy is no longer there' : `the copy cannot be read: ${result.failure.message}`,
    )
    return { event, ...common, why: result.failure.message }
  }
  tally.bytesRead += result.stat.sizeBytes
  tally[result.how] += 1
  const isGood = result.hash === copy.hash
  if (isGood) tally.good += 1
  else
    find(
      'damaged',
      `the copy is damaged: it reads ${result.hash.slice(0, 12)}… where ${copy.hash.slice(0, 12)}… was written`,
    )
  return { event: isGood ? 'verified' : 'damaged', ...common, copyHash: result.hash, read: result.how }
}

/** A drive that is read-only or full can still be verified; its log then stays as it is, and the journal remembers. */
function appendWhereWritable(run: BackupRun, place: OpenPlace, folder: string, events: readonly LogEvent[]): void {
  try {
    appendEvents(run.deps.files, place.root, folder, events)
  } catch (error) {
    if (!['EROFS', 'EACCES', 'EPERM', 'ENOSPC', 'EDQUOT'].includes(systemCode(error))) throw error
    run.warn(`${place.name} could not be written (${systemCode(error)}), so this check is not in its log`)
  }
}

function record(run: BackupRun, place: OpenPlace, shoot: ShootRow, { copy, result }: Reading): void {
  const { journal, clock } = run.deps
  if ('failure' in result) {
    if (result.failure.kind === 'vanished') setCopyState(journal, copy, 'missing')
    return
  }
  if (result.hash !== copy.hash) {
    setCopyState(journal, copy, 'damaged')
    return
  }
  journal.run(
    'UPDATE copies SET state = ?, size = ?, mtime_ms = ?, proven_ms = ?, proven_how = ? WHERE version_id = ? AND place_id = ? AND path = ?',
    [
      'verified',
      result.stat.sizeBytes,
      result.stat.mtimeMs,
      clock(),
      result.how,
      copy.versionId,
      copy.placeId,
      copy.path,
    ],
  )
  if (copy.state === 'written')
    finishStep(journal, { kind: 're-read', shootId: shoot.id, placeId: place.id, payload: '' })
}

/** @param originalsAway  sources whose originals could not be read because they are not there */
function resultOf(
  run: BackupRun,
  request: VerifyRequest,
  tally: Tally,
  originalsAway: readonly string[],
): VerifyResult {
  const { findings } = run
  const failures = [...run.failedPlaces.values()]
  if (request.places.length === 0 && originalsAway.length > 0) failures.push(originalsMissing(originalsAway))
  const exitCode =
    failures[0]?.exitCode ?? (run.signal.aborted ? ERROR_CODES.INTERRUPTED.exit : exitOfFindings(findings))
  return {
    ok: exitCode === 0,
    exitCode,
    summary: summaryOf(run, request, tally, { failures, originalsAway }),
    checked: tally.checked,
    good: tally.good,
    bytesRead: tally.bytesRead,
    readBack: { direct: tally.direct, cached: tally.cached },
    findings: sortFindings(findings),
    warnings: run.warnings(),
  }
}

function originalsMissing(away: readonly string[]): SafelightError {
  return new SafelightError('SOURCE_MISSING', {
    message: `The originals of ${away.join(', ')} are not there and were not read.`,
    remedy: 'Connect the disk that they are on and run the same command again.',
  })
}

/** By kind, the worst first, then by where. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  const order = ['damaged', 'missing', 'unreadable', 'manifest', 'extra']
  const rank = (finding: Finding): number => (order.includes(finding.kind) ? order.indexOf(finding.kind) : order.length)
  const where = (finding: Finding): string => `${finding.place}\0${finding.shoot}\0${finding.file}`
  return [...findings].sort((a, b) => rank(a) - rank(b) || (where(a) < where(b) ? -1 : 1))
}

interface NotRead {
  readonly failures: readonly SafelightError[]
  readonly originalsAway: readonly string[]
}

function summaryOf(run: BackupRun, request: VerifyRequest, tally: Tally, { failures, originalsAway }: NotRead): string {
  const where = [
    ...request.places.map((place) => `on "${place.name}"`),
    ...(request.withOriginals ? ['among the originals'] : []),
  ].join(' and ')
  const places = listPlaces(run.deps.journal).filter(
    (place) => !request.places.some((each) => each.id === place.id) && stateOfPlace(run.deps.files, place) !== 'here',
  )
  const away = [
    ...places.map((place) => `"${place.name}"`),
    ...originalsAway.map((source) => `the originals of ${source}`),
  ]
  const notRead = away.length === 0 ? '' : ` Not read, because not connected: ${away.join(', ')}.`
  const copies = `${tally.checked} ${tally.checked === 1 ? 'copy' : 'copies'}`
  const first = failures[0]
  if (first) return `${first.message} ${tally.good} of ${copies} read before that were good. ${first.remedy}`
  if (run.signal.aborted) return `Stopped. ${tally.good} of ${copies} read so far are good.`
  if (run.findings.length > 0)
    return `${run.findings.length} finding${run.findings.length === 1 ? '' : 's'} among ${copies} ${where}; ${tally.good} good.${notRead}`
  if (tally.checked === 0)
    return `Nothing to check: no copies are known ${where === '' ? 'on any connected place' : where}.${notRead}`
  return `${tally.checked === 1 ? 'The one copy' : `All ${copies}`} ${where} ${tally.checked === 1 ? 'is' : 'are'} good (${howRead(tally)}).${notRead}`
}

function howRead({ direct, cached }: Tally): string {
  if (cached === 0) return 'read from the device'
  if (direct === 0) return 'read through the system’s cache'
  return `${direct} read from the device, ${cached} through the system’s cache`
}
