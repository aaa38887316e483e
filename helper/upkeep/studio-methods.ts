// The answer of the method that looks over all computers of a studio.
import { ERROR_CODES, SafelightError } from '../errors.js'
import type { BucketRequest } from '../offsite/add-bucket.js'
import { machinesBelow } from '../offsite/studio.js'
import { readSettings } from '../offsite/settings.js'
import { machineOf, parseMachineStatus } from '../status/machine-status.js'
import type { Params, Result, StudioMachine } from '../../shared/methods.js'
import type { BucketRoom } from './bucket-room.js'

/** @throws OFFSITE_*, USAGE when no bucket is named and none is known */
export async function studioStatus(
  buckets: BucketRoom,
  { bucket }: Params<'studio/status'>,
  nowMs: number,
  signal: AbortSignal,
): Promise<Result<'studio/status'>> {
  const requests = bucket ? [bucket] : knownBuckets(buckets)
  if (requests.length === 0)
    throw new SafelightError('USAGE', {
      message: 'No bucket is known on this computer, so there is nothing to look over.',
      remedy: 'Name it: safelight status --studio s3://bucket/prefix',
    })
  const machines: StudioMachine[] = []
  for (const request of requests)
    for (const { folder, host, status } of await machinesBelow(buckets.openDeps(), request, signal))
      machines.push(machineOf({ folder, host }, status === undefined ? undefined : parseMachineStatus(status), nowMs))
  const well = machines.filter(({ verdict }) => verdict === 'protected').length
  const isWell = machines.length > 0 && well === machines.length
  const exitCode = isWell ? 0 : ERROR_CODES.COPY_MISSING.exit
  return { ok: isWell, exitCode, summary: summaryOf(machines.length, well), machines }
}

function summaryOf(all: number, well: number): string {
  if (all === 0) return 'No computer keeps its copies there.'
  if (well === all) return all === 1 ? 'The one computer is protected.' : `All ${all} computers are protected.`
  return `${all - well} of ${all} computer${all === 1 ? ' is' : 's are'} not fully protected, or not known to be.`
}

/** Each prefix once, however many places of this computer lie in it. */
function knownBuckets(buckets: BucketRoom): BucketRequest[] {
  const requests = buckets.places().map((place): BucketRequest => {
    const { endpoint, region, profile, allowPlainHttp } = readSettings(place)
    return {
      url: place.path,
      allowPlainHttp,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(region === undefined ? {} : { region }),
      ...(profile === undefined ? {} : { profile }),
    }
  })
  return [...new Map(requests.map((each) => [`${each.endpoint ?? ''} ${each.url}`, each])).values()]
}
