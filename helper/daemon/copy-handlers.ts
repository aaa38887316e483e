// The methods that copy and read photos, and learn what a place holds: each opens the places that it needs and hands them to its room.
import type { EngineDeps } from '../engine/run.js'
import { overlapOf, refuseOverlap, resolveSources, type SourcePath } from '../engine/sources.js'
import { WORKERS_MAX } from '../engine/pool.js'
import { ERROR_CODES, SafelightError } from '../errors.js'
import { countCopies } from '../journal/files.js'
import { findPlace, openPlace, realFolder, type OpenPlace } from '../place/places.js'
import { lazily } from '../lazily.js'
import type { RecordedPlace } from '../engine/shoot-records.js'
import type { rebuildFrom } from '../restore/rebuild.js'
import type { Handlers, RequestContext } from '../server/handlers.js'
import type { BucketRoom } from '../upkeep/bucket-room.js'
import type { BackupResult, Finding, Params, Result } from '../../shared/methods.js'
import { unique, type Workshop } from './workshop.js'

const backingUp = lazily(() => import('../engine/backup.js'))
const verifying = lazily(() => import('../engine/verify.js'))
const sending = lazily(() => import('../upkeep/backup-offsite.js'))
const bucketRecords = lazily(() => import('../restore/rebuild-bucket.js'))

/** Learns everything that a place says of itself, wherever its records lie. */
export type LearnPlace = (deps: EngineDeps, place: RecordedPlace, signal: AbortSignal) => ReturnType<typeof rebuildFrom>

export function copyHandlers(
  shop: Workshop,
  learn: LearnPlace,
  buckets: () => Promise<BucketRoom>,
): Pick<Handlers, 'backup/run' | 'verify/run' | 'rebuild/run'> {
  return {
    'backup/run': (params, context) => runBackup(shop, buckets, params, context),
    'verify/run': (params, context) => shop.withEngine((deps) => runVerify(shop, deps, params, context)),
    'rebuild/run': (params, context) =>
      shop.alone(() =>
        shop.withEngine((deps) =>
          params.from.startsWith('s3://')
            ? rebuildFromBucket(shop, learn, deps, buckets, params, context)
            : runRebuild(shop, learn, deps, params, context),
        ),
      ),
  }
}

/** To the drives one run at a time; off-site meanwhile, unless the places were named. */
async function runBackup(
  shop: Workshop,
  buckets: () => Promise<BucketRoom>,
  { paths, to }: Params<'backup/run'>,
  { signal, progress }: RequestContext,
): Promise<BackupResult> {
  const sources = resolveSources(paths, process.cwd())
  const hasBuckets = to.length === 0 && shop.buckets().length > 0
  const toDrives = (tell: RequestContext['progress']): Promise<BackupResult> =>
    shop.alone(() => shop.withEngine((deps) => toPlaces(shop, deps, { sources, to, hasBuckets }, signal, tell)))
  if (!hasBuckets) return toDrives(progress)
  const { journal, clock } = shop
  const folders = sources.map(({ folder }) => folder)
  const { backUpAndSend } = await sending()
  const deps = { journal, clock, buckets: await buckets() }
  return backUpAndSend(deps, { folders, backUp: toDrives }, signal, (each) => progress(each))
}

interface ToPlaces {
  readonly sources: readonly SourcePath[]
  /** Folders that were named; the known drives when there are none. */
  readonly to: readonly string[]
  /** Then the originals are read even when no drive is there. */
  readonly hasBuckets: boolean
}

async function toPlaces(
  shop: Workshop,
  deps: EngineDeps,
  { sources, to, hasBuckets }: ToPlaces,
  signal: AbortSignal,
  tell: RequestContext['progress'],
): Promise<BackupResult> {
  const folders = to.map((each) => realFolder(shop.placeDeps(), each))
  const known = to.length > 0 ? [] : shop.drives()
  if (to.length === 0 && known.length === 0 && !hasBuckets) throw noPlaces()
  for (const source of sources)
    for (const folder of [...folders, ...known.map((place) => place.path)]) refuseOverlap(source.folder, folder)
  const named: OpenPlace[] = []
  for (const folder of folders) named.push(await shop.open(deps, folder, signal))
  const { places, absent } = await shop.openKnown(deps, known, signal)
  const all = unique([...named, ...places])
  const first = absent[0]
  if (all.length === 0 && first && !hasBuckets) throw first
  const { backUp } = await backingUp()
  return backUp(deps, { sources, places: all, absent }, signal, (each) => tell(each))
}

/** To every known place that is there and does not overlap with what is to be copied. */
export async function backUpSources(
  shop: Workshop,
  deps: EngineDeps,
  sources: readonly SourcePath[],
  signal: AbortSignal,
  progress: RequestContext['progress'],
): Promise<BackupResult> {
  const overlaps = new Map(
    shop
      .drives()
      .map((place) => [
        place,
        sources.map((source) => overlapOf(source.folder, place.path)).find((error) => error !== undefined),
      ]),
  )
  const apart = [...overlaps].filter(([, overlap]) => overlap === undefined).map(([place]) => place)
  const { places, absent } = await shop.openKnown(deps, apart, signal)
  const missing = [...[...overlaps.values()].filter((overlap) => overlap !== undefined), ...absent]
  // Without a drive the originals are only read, for the buckets that are sent from them.
  const hasBuckets = shop.buckets().length > 0
  if (places.length === 0 && !hasBuckets) throw missing[0] ?? noPlaces()
  const { backUp } = await backingUp()
  return backUp(deps, { sources, places, absent: missing }, signal, progress)
}

async function runVerify(
  shop: Workshop,
  deps: EngineDeps,
  { shoots, place, all }: Params<'verify/run'>,
  { signal, progress }: RequestContext,
): Promise<Result<'verify/run'>> {
  const isOriginals = place === 'working'
  const wanted = place === undefined || isOriginals ? undefined : findPlace(shop.journal, place)
  if (wanted?.kind === 'bucket') throw noDrive(wanted.name)
  const candidates = wanted ? [wanted] : isOriginals ? [] : shop.drives()
  // They start while the system is asked about the drives.
  deps.pool.warmUp(countCopies(shop.journal, WORKERS_MAX))
  const { places, absent } = await shop.openKnown(deps, candidates, signal)
  const first = absent[0]
  if (places.length === 0 && first && !all) throw first
  // What an original was, a copy at any drive that is there can tell.
  const compareWith = isOriginals ? (await shop.openKnown(deps, shop.drives(), signal)).places : places
  const { verifyCopies } = await verifying()
  const withOriginals = isOriginals || all === true
  return verifyCopies(
    deps,
    { shoots, places, compareWith, withOriginals, exclusively: (act) => shop.alone(act) },
    signal,
    (each) => progress(each),
  )
}

async function runRebuild(
  shop: Workshop,
  learn: LearnPlace,
  deps: EngineDeps,
  { from, rehash }: Params<'rebuild/run'>,
  { signal, progress }: RequestContext,
): Promise<Result<'rebuild/run'>> {
  const folder = realFolder(shop.placeDeps(), from)
  const place = await openPlace(shop.placeDeps(), folder, { isNew: true, mustExist: true })
  const result = await learn(deps, place, signal)
  if (rehash !== true) return result
  const { verifyCopies } = await verifying()
  const read = await verifyCopies(
    deps,
    { shoots: [], places: [place], withOriginals: false, exclusively: (act) => act() },
    signal,
    (each) => progress(each),
  )
  const isRead = (finding: Finding): boolean =>
    read.findings.some(
      ({ kind, shoot, file }) => kind === finding.kind && shoot === finding.shoot && file === finding.file,
    )
  const findings = [...result.findings.filter((finding) => !isRead(finding)), ...read.findings]
  const exitCode = Math.max(result.exitCode, read.exitCode)
  return { ...result, ok: exitCode === 0, exitCode, summary: `${result.summary} ${read.summary}`, findings }
}

async function rebuildFromBucket(
  shop: Workshop,
  learn: LearnPlace,
  engine: EngineDeps,
  buckets: () => Promise<BucketRoom>,
  { from: url, rehash, bucket = {}, recoveryKey }: Params<'rebuild/run'>,
  { signal }: RequestContext,
): Promise<Result<'rebuild/run'>> {
  if (rehash === true)
    throw new SafelightError('USAGE', {
      message: '--rehash reads the copies on a drive. What comes from a bucket is hashed by every restore.',
      remedy: 'Leave it out.',
    })
  const { journal, clock } = shop
  const { fetchRecords } = await bucketRecords()
  const key = recoveryKey === undefined ? {} : { recoveryKey }
  const deps = { ...(await buckets()).openDeps(), journal, clock, ...key }
  const { place, refused } = await fetchRecords(deps, { url, ...bucket }, signal)
  const result = await learn(engine, place, signal)
  if (refused.length === 0) return result
  const findings = [
    ...result.findings,
    ...refused.map(({ path: file, why }) => ({ kind: 'manifest', place: place.name, shoot: '', file, message: why })),
  ]
  const exitCode = Math.max(result.exitCode, ERROR_CODES.COPY_DIFFERS.exit)
  const summary = `${result.summary} ${refused.length} records were not read (see the list).`
  return { ...result, ok: false, exitCode, summary, findings }
}

function noDrive(name: string): SafelightError {
  return new SafelightError('USAGE', {
    message: `"${name}" is a bucket, and verify reads drives. Nothing was read.`,
    remedy: `safelight drill --place "${name}" fetches a shoot from it and compares every byte. By itself the helper asks the store about every object each month and reads a part back every day; safelight status says since when it is proven.`,
  })
}

function noPlaces(): SafelightError {
  return new SafelightError('USAGE', {
    message: 'No place for the copies is known yet. Nothing was backed up.',
    remedy:
      'Name one: safelight backup FOLDER --to DRIVE. Or add one for good: safelight place add DRIVE, or off-site: safelight place add s3://bucket/prefix',
  })
}
