// Making a prefix of a bucket a place: what is typed is checked, what lies there is looked at, what the store can do is tried, and only then
// is our marker put there and the place written down. Nothing of anybody else's is ever written below, and whatever the place will do
// without is said in words before the first photo is sent.
import { randomBytes, randomUUID } from 'node:crypto'
import os from 'node:os'
import { SafelightError } from '../errors.js'
import type { HashEngine } from '../files/hash.js'
import type { Journal } from '../journal/journal.js'
import { getMeta, setMeta } from '../journal/meta.js'
import { forgetPlace, listPlaces, placeById, savePlace, type PlaceLocation, type PlaceRow } from '../journal/places.js'
import { checkName } from '../place/places.js'
import { formatBucketUrl, parseBucketUrl, type BucketAddress } from './address.js'
import { keysFor, type Keys } from './keys-of-place.js'
import { ownPrefix } from './names.js'
import type { ObjectStore } from './object-store.js'
import { markerAt, writeMarker } from './bucket-marker.js'
import { bucketOver, type OpenBucketDeps } from './open-bucket.js'
import { PROBE_RETRY, probeStore } from './probe.js'
import { CAUTIOUS_PROFILE, type ProbeReport } from './providers.js'
import { openS3Store, type S3Options } from './s3.js'
import { settleUnfinished, settleVersioning } from './settle-bucket.js'
import { deviceOfBucket, readSettings, type BucketSettings } from './settings.js'

export interface BucketRequest {
  /** `s3://bucket/prefix` */
  readonly url: string
  readonly endpoint?: string
  readonly region?: string
  readonly profile?: string
  readonly allowPlainHttp?: boolean
}

export interface AddBucketRequest extends BucketRequest {
  readonly name?: string
  readonly location?: PlaceLocation
  readonly lock?: { readonly mode: 'governance' | 'compliance'; readonly days: number }
  readonly storageClass?: string
  readonly limitBytesPerSecond?: number
  readonly quotaBytes?: number
  /** Encrypt everything before it leaves, for this computer's key and for a recovery key that is made now. */
  readonly encrypt?: boolean
  /** Hide the names of what is encrypted as well. */
  readonly hideNames?: boolean
  /** Yes to what would otherwise be asked: switch versioning on; have the bucket clear unfinished uploads away; use a prefix in which other things lie. */
  readonly yes?: boolean
}

export interface AddBucketDeps extends OpenBucketDeps {
  readonly journal: Journal
  readonly now: () => number
  readonly hashEngine: HashEngine
}

export interface AddedBucket {
  readonly place: PlaceRow
  readonly report: ProbeReport
  /** What this place will do without, as sentences. */
  readonly warnings: readonly string[]
  /** There was a tree of ours already: what it says is still to be learned. */
  readonly isUnknownHere: boolean
  /** The secret half of the recovery key; in no file, and not to be had again. */
  readonly recoveryKey?: string
}

/** Opens the store of an address that is no place yet, for the probe. @throws OFFSITE_ADDRESS */
export function openForProbe(
  deps: OpenBucketDeps,
  request: BucketRequest,
): { address: BucketAddress; store: ObjectStore } {
  const address = parseBucketUrl(request.url)
  const options: S3Options = {
    bucket: address.bucket,
    retry: deps.retry ?? PROBE_RETRY,
    allowPlainHttp: request.allowPlainHttp ?? false,
    ...(request.endpoint === undefined ? {} : { endpoint: request.endpoint }),
    ...(request.region === undefined ? {} : { region: request.region }),
    ...(request.profile === undefined ? {} : { profile: request.profile }),
  }
  return { address, store: openS3Store(options, deps) }
}

/** @throws OFFSITE_*, USAGE */
export async function addBucket(
  deps: AddBucketDeps,
  request: AddBucketRequest,
  signal?: AbortSignal,
): Promise<AddedBucket> {
  const { address, store } = openForProbe(deps, request)
  try {
    return await addOver(deps, request, address, store, signal)
  } finally {
    store.close()
  }
}

async function addOver(
  deps: AddBucketDeps,
  request: AddBucketRequest,
  address: BucketAddress,
  store: ObjectStore,
  signal: AbortSignal | undefined,
): Promise<AddedBucket> {
  const known = knownAt(deps.journal, address, request)
  const machineId = machineIdOf(deps.journal, known)
  const own = ownPrefix({ prefix: address.prefix, machineId })
  await refuseForeign(store, address, own, request, signal)
  const marker = await markerAt(store, `${own}place.json`, signal)
  const id = marker?.id ?? known?.id ?? randomUUID()
  if (request.name !== undefined) checkName(deps.journal, request.name, id)

  const facts = await settleVersioning(store, request.yes === true, signal)
  if (request.lock && !facts.objectLock) throw lockIsOff(store.name)
  const report = await (deps.probe ?? probeStore)(
    {
      ownPrefix: own,
      ...(request.lock === undefined ? {} : { lockMode: modeOf(request.lock.mode) }),
      ...(request.storageClass === undefined ? {} : { storageClasses: [request.storageClass] }),
    },
    { store, now: deps.now },
    signal,
  )
  checkWishes(request, report)
  const unfinished = await settleUnfinished(store, own, request.yes === true, signal)

  const name = request.name ?? marker?.name ?? known?.name ?? freeName(deps.journal, address, id)
  const before = known && readSettings(known)
  const keys = await keysFor(deps, request, known, before, marker)
  const settings = settingsOf(request, { machineId, before, ...keys }, report)
  const row: PlaceRow = {
    id,
    name,
    kind: 'bucket',
    path: formatBucketUrl(address),
    devices: [deviceOfBucket(request.endpoint, address.bucket)],
    volume: {},
    settings,
    location: request.location ?? 'off-site',
    addedMs: known?.addedMs ?? deps.now(),
    lastSeenMs: deps.now(),
    chainLength: 0,
    chainHead: '',
  }
  const isNewHere = placeById(deps.journal, id) === undefined
  savePlace(deps.journal, row)
  try {
    await writeMarker(
      bucketOver(store, row, settings, () => []),
      marker,
      deps,
      signal,
    )
  } catch (error) {
    // Nothing was begun there yet; a place that could not take its own marker is none.
    if (isNewHere) forgetPlace(deps.journal, id)
    throw error
  }
  return {
    place: placeById(deps.journal, id) ?? row,
    report,
    warnings: [...report.warnings, ...unfinished],
    isUnknownHere: marker !== undefined && isNewHere,
    ...(keys.recoveryKey === undefined ? {} : { recoveryKey: keys.recoveryKey }),
  }
}

function knownAt(journal: Journal, address: BucketAddress, request: BucketRequest): PlaceRow | undefined {
  const device = deviceOfBucket(request.endpoint, address.bucket)
  return listPlaces(journal).find(
    (place) => place.kind === 'bucket' && place.path === formatBucketUrl(address) && place.devices.includes(device),
  )
}

/** This computer's folder in every bucket: its name, so that people know whose it is, and a random part, so that two of one name do not meet. */
function machineIdOf(journal: Journal, known: PlaceRow | undefined): string {
  const settled = known?.settings['machineId']
  if (typeof settled === 'string') return settled
  const remembered = getMeta(journal, 'machine-id')
  if (remembered !== undefined) return remembered
  const host = os
    .hostname()
    .split('.', 1)[0]
    ?.toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40)
  const id = `${host === undefined || host === '' ? 'computer' : host}-${randomBytes(4).toString('hex')}`
  setMeta(journal, 'machine-id', id)
  return id
}

/** A prefix inside a tree of Safelight's, or one in which something else lies, is somebody's. Trees of other computers beside ours are not
 *  in the way. @throws OFFSITE_FOREIGN */
async function refuseForeign(
  store: ObjectStore,
  { bucket, prefix }: BucketAddress,
  own: string,
  request: AddBucketRequest,
  signal: AbortSignal | undefined,
): Promise<void> {
  const parts = prefix === '' ? [] : prefix.split('/')
  for (let depth = 0; depth <= parts.length; depth++) {
    const folder = parts
      .slice(0, depth)
      .map((part) => `${part}/`)
      .join('')
    if ((await store.head({ key: `${folder}place.json` }, signal)) === undefined) continue
    throw foreign(
      `s3://${bucket}/${folder} is itself the folder of a computer whose Safelight keeps its copies there (it holds a place.json). Nothing was written.`,
      `Use a prefix beside it. If it is this computer's own: safelight rebuild --from s3://${bucket}/${folder}`,
    )
  }
  if (request.yes === true) return
  const base = prefix === '' ? '' : `${prefix}/`
  const { folders, keys } = await store.listLevel(base, signal)
  // An object of the folder's own name is what web pages make to show an empty folder.
  const strangers = keys.filter((key) => key !== base)
  for (const folder of folders.filter((each) => each !== own)) {
    if ((await store.head({ key: `${folder}place.json` }, signal)) === undefined) strangers.push(folder)
    if (strangers.length > 0) break
  }
  const first = strangers[0]
  if (first !== undefined)
    throw foreign(
      `Other things lie below s3://${bucket}/${base} already, ${JSON.stringify(first)} for one. Nothing was written.`,
      `Use a prefix of its own, such as s3://${bucket}/${base}safelight. If they are yours and may stay beside the copies, say so with --yes.`,
    )
}

function foreign(message: string, remedy: string): SafelightError {
  return new SafelightError('OFFSITE_FOREIGN', { message, remedy })
}

function lockIsOff(name: string): SafelightError {
  return new SafelightError('OFFSITE_UNLOCKED', {
    message: `Copies are to be locked, and Object Lock is off for ${name}. The place was not added.`,
    remedy:
      'Make a bucket with Object Lock switched on (most providers only allow it when the bucket is made), or add the place without --lock-days.',
  })
}

/** @throws OFFSITE_UNLOCKED, OFFSITE_REFUSED when the store cannot do what is wished for */
function checkWishes(request: AddBucketRequest, { store, profile }: ProbeReport): void {
  if (request.lock && !profile.locks)
    throw new SafelightError('OFFSITE_UNLOCKED', {
      message: `${store} says that it locks, and does not: a locked object could be deleted, or lost its lock. The place was not added.`,
      remedy: 'See what it does with: safelight doctor. Use another provider, or add the place without --lock-days.',
    })
  if (request.storageClass !== undefined && !profile.storageClasses.includes(request.storageClass))
    throw new SafelightError('OFFSITE_REFUSED', {
      message: `${store} has no storage class ${request.storageClass}. The place was not added.`,
      remedy: 'Look up its classes at the provider, or leave --storage-class out.',
    })
}

/** What is not said again stays as it was. */
function settingsOf(
  request: AddBucketRequest,
  {
    machineId,
    before,
    recipients,
    nameKey,
  }: Keys & { readonly machineId: string; readonly before: BucketSettings | undefined },
  report: ProbeReport,
): BucketSettings {
  const { endpoint, region, profile, lock, storageClass, limitBytesPerSecond, quotaBytes } = request
  return {
    ...before,
    allowPlainHttp: request.allowPlainHttp ?? before?.allowPlainHttp ?? false,
    machineId,
    store: { ...CAUTIOUS_PROFILE, ...report.profile, storageClasses: [...report.profile.storageClasses] },
    probedMs: report.probedAtMs,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    ...(lock === undefined ? {} : { lock: { mode: modeOf(lock.mode), days: lock.days } }),
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(limitBytesPerSecond === undefined ? {} : { limitBytesPerSecond }),
    ...(quotaBytes === undefined ? {} : { quotaBytes }),
    ...(recipients === undefined ? {} : { recipients: [...recipients] }),
    ...(nameKey === undefined ? {} : { nameKey }),
  }
}

function modeOf(mode: 'governance' | 'compliance'): 'GOVERNANCE' | 'COMPLIANCE' {
  return mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE'
}

function freeName(journal: Journal, { bucket, prefix }: BucketAddress, own: string): string {
  const base = prefix === '' ? bucket : `${bucket}/${prefix}`.slice(0, 150)
  const taken = new Set(
    listPlaces(journal)
      .filter((place) => place.id !== own)
      .map((place) => place.name.toLowerCase()),
  )
  for (let n = 1; ; n++) {
    const name = n === 1 ? base : `${base} ${n}`
    if (!taken.has(name.toLowerCase())) return name
  }
}
