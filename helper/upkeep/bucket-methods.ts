// The answers of the methods that are about buckets: a place that was added, a store that was looked at, in words and numbers.
import { placeReport, type StatusDeps } from '../status/place-report.js'
import type { CatalogBackupResult, DoctorResult, Params, ProbeTable, Result } from '../../shared/methods.js'
import { isOfHome, SafelightError } from '../errors.js'
import type { PlaceRow } from '../journal/places.js'
import type { AddBucketRequest } from '../offsite/add-bucket.js'
import type { ProbeReport } from '../offsite/providers.js'
import type { BucketRoom } from './bucket-room.js'

/** @throws OFFSITE_*, USAGE */
export async function addBucketPlace(
  deps: StatusDeps,
  buckets: BucketRoom,
  params: Params<'place/add'>,
  signal: AbortSignal,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Result<'place/add'>> {
  const added = await buckets.add(requestOf(params), signal)
  const place = placeReport(deps, added.place)
  const again = added.isUnknownHere
    ? ` It holds copies that this computer does not know of; to learn them: safelight rebuild --from ${added.place.path}`
    : ''
  return {
    ok: true,
    exitCode: 0,
    summary: `"${place.name}" (${place.path}) is a place for off-site copies now.${again}`,
    place,
    warnings: [...added.warnings, ...keyOnlyHere(added.place.settings, environment)],
    probe: tableOf(added.report),
    ...(added.recoveryKey === undefined ? {} : { recoveryKey: added.recoveryKey }),
  }
}

/** A key that this process has and the helper of tomorrow will not. */
function keyOnlyHere({ profile }: PlaceRow['settings'], environment: NodeJS.ProcessEnv): string[] {
  if (profile !== undefined || !environment['AWS_ACCESS_KEY_ID']) return []
  return [
    'The access key was taken from the environment (AWS_ACCESS_KEY_ID), which a helper that starts at login does not have. Put it into a profile of the AWS credentials file, and add the place again with --profile NAME, or into the keychain with --keychain.',
  ]
}

function requestOf({ path: url, name, location, bucket = {} }: Params<'place/add'>): AddBucketRequest {
  const {
    lockDays,
    lockMode,
    storageClass,
    limit,
    quota,
    endpoint,
    region,
    profile,
    allowPlainHttp,
    encrypt,
    hideNames,
    yes,
  } = bucket
  if (lockMode !== undefined && lockDays === undefined) throw usage('--lock-mode needs --lock-days.')
  if (hideNames === true && encrypt !== true)
    throw usage('--hide-names needs --encrypt: whoever can read the pictures needs no names.')
  if (lockDays !== undefined && lockDays < 1) throw usage('A lock holds for at least one day.')
  if (limit !== undefined && limit < 1024) throw usage('A limit below 1 KB/s would never bring a photo off-site.')
  return {
    url,
    ...(name === undefined ? {} : { name }),
    ...(location === undefined ? {} : { location }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    ...(allowPlainHttp === undefined ? {} : { allowPlainHttp }),
    ...(lockDays === undefined ? {} : { lock: { mode: lockMode ?? 'governance', days: lockDays } }),
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(limit === undefined ? {} : { limitBytesPerSecond: limit }),
    ...(quota === undefined ? {} : { quotaBytes: quota }),
    ...(encrypt === undefined ? {} : { encrypt }),
    ...(hideNames === undefined ? {} : { hideNames }),
    ...(yes === undefined ? {} : { yes }),
  }
}

function usage(message: string): SafelightError {
  return new SafelightError('USAGE', { message, remedy: 'See: safelight place add --help' })
}

/** A catalog that was just backed up goes off-site as well. What keeps it from going there takes nothing away from the drives. */
export async function thenOffsite(
  backedUp: Promise<CatalogBackupResult>,
  buckets: BucketRoom,
  signal: AbortSignal,
): Promise<CatalogBackupResult> {
  const result = await backedUp
  const places: CatalogBackupResult['places'][number][] = []
  const warnings: string[] = []
  for (const place of buckets.places().filter(({ id }) => buckets.owesCatalogs(id))) {
    const bucket = buckets.open(place)
    try {
      const { sent, failed } = await buckets.sendCatalogs(bucket, signal)
      places.push(...sent.map(({ stamp }) => ({ place: place.name, backup: stamp, state: 'stored' as const })))
      warnings.push(...failed)
    } catch (error) {
      if (!(error instanceof SafelightError) || isOfHome(error)) throw error
      buckets.noteTrouble(place.id, error)
      warnings.push(`It is not in "${place.name}" yet: ${error.message} ${error.remedy}`)
    } finally {
      bucket.close()
    }
  }
  return { ...result, places: [...result.places, ...places], warnings: [...result.warnings, ...warnings] }
}

/** The doctor's checks, and beside them what one store was found to do. */
export async function doctorWithBucket(
  checks: Promise<DoctorResult>,
  bucket: Params<'doctor/run'>['bucket'],
  room: () => Promise<BucketRoom>,
  signal: AbortSignal,
): Promise<DoctorResult> {
  const result = await checks
  if (!bucket) return result
  const report = await (await room()).probe(bucket, signal)
  return {
    ...result,
    summary: `${report.store} was tried: ${report.findings.filter(({ answer }) => answer === 'yes').length} of ${report.findings.length} things that Safelight asks of a store are as they should be. ${result.summary}`,
    probe: tableOf(report),
  }
}

export function tableOf({ store, probedAtMs, findings, warnings, leftovers }: ProbeReport): ProbeTable {
  return { store, probedAt: new Date(probedAtMs).toISOString(), findings, warnings, leftovers }
}
