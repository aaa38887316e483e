// Verifying: every copy is read again and compared with its reference hash, every manifest with the chain, every folder with its manifest.
// What is found is recorded, good or bad, beside the copies and in the journal; nothing is mended here.
import { ERROR_CODES, SafelightError, shootUnknown } from '../errors.js'
import { copiesAt, type CopyRow } from '../journal/files.js'
import { listPlaces } from '../journal/places.js'
import { listShoots, type ShootRow } from '../journal/shoots.js'
import { WORKING } from '../model.js'
import { stateOfPlace, type OpenPlace } from '../place/places.js'
import type { Finding, VerifyResult } from '../../shared/methods.js'
import { catchUp } from './catch-up.js'
import { sealPending } from './finish.js'
import { exitOfFindings } from './outcome.js'
import { ProgressMeter, type OnProgress } from './progress.js'
import { BackupRun, type EngineDeps } from './run.js'
import { checkChain } from './verify-records.js'
import { verifyShoot, type Tally } from './verify-shoot.js'
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
    await request.exclusively(() => sealPending(run, place))
    catchUp(run.deps, place)
    checkChain(run, place)
    const chain = run.chainAt(place)
    for (const shoot of withLearned(run, shoots, request)) {
      if (run.signal.aborted || run.failedPlaces.has(place.id)) return
      await request.exclusively(() => verifyShoot(run, place, shoot, { tally, chain, only: request.only }))
    }
  } catch (error) {
    run.placeRefused(place.id, error)
  }
}

/** Shoots that another computer brought to the place since the verification was asked for are part of "every shoot". */
function withLearned(
  run: BackupRun,
  shoots: readonly ShootRow[],
  { shoots: wanted }: VerifyRequest,
): readonly ShootRow[] {
  return wanted.length > 0 ? shoots : chooseShoots(listShoots(run.deps.journal), [])
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
