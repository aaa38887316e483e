// Rebuilding from a bucket, with nothing but its address and credentials: whose tree lies below it, what of it there is by its listing, and
// its records, fetched to the home, where they are read like those of a drive. Nothing is written to the bucket, so that a key which may
// only read is enough.
import { mkdir, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import pLimit from 'p-limit'
import { SafelightError, systemCode } from '../errors.js'
import { isSafeRelativePath, MANIFEST_FILE } from '../manifest/manifest.js'
import { CHAIN_FILE } from '../manifest/chain.js'
import { LOG_FILE } from '../manifest/log.js'
import type { Journal } from '../journal/journal.js'
import { getMeta, setMeta } from '../journal/meta.js'
import { listPlaces, placeById, savePlace, type PlaceRow } from '../journal/places.js'
import { openForProbe, type BucketRequest } from '../offsite/add-bucket.js'
import { claimFolder, markerAt } from '../offsite/bucket-marker.js'
import { formatBucketUrl, type BucketAddress } from '../offsite/address.js'
import type { ObjectStore } from '../offsite/object-store.js'
import { bucketOver, type OpenBucket, type OpenBucketDeps } from '../offsite/open-bucket.js'
import { CAUTIOUS_PROFILE } from '../offsite/providers.js'
import { recordsRoot } from '../offsite/records.js'
import { deviceOfBucket, readSettings, type BucketSettings } from '../offsite/settings.js'
import { AGE_KEY_FILE, identitiesIn, identityFor, keepIdentity, readIdentities } from '../offsite/age-keys.js'
import { wishesOf, withNameKey, type Wishes } from './bucket-wishes.js'
import { RECORD_MAX_BYTES, type RecordedPlace } from '../engine/shoot-records.js'

export interface BucketRebuildDeps extends OpenBucketDeps {
  readonly journal: Journal
  readonly clock: () => number
  /** What lies in the file that a user gave: the printed recovery key. */
  readonly recoveryKey?: string
}

/** A bucket whose records lie in the home now. */
export interface LearnedBucket {
  readonly place: RecordedPlace
  /** Records that are too long to be ours, or whose names lead elsewhere. */
  readonly refused: readonly { readonly path: string; readonly why: string }[]
}

/** @throws OFFSITE_*, COPY_MISSING when no tree of Safelight's is below the address, USAGE when there are several */
export async function fetchRecords(
  deps: BucketRebuildDeps,
  request: BucketRequest,
  signal: AbortSignal,
): Promise<LearnedBucket> {
  const { address, store } = openForProbe(deps, request)
  try {
    const tree = await findTree(store, address, signal)
    const marker = await markerAt(store, `${tree.own}place.json`, signal)
    if (!marker) throw nothingThere(address)
    const wishes = await wishesOf(store, tree.own, signal)
    const asSaid = rowFor(deps, request, tree, marker, wishes)
    const identity = await requireKey(deps, asSaid, tree)
    const row = await withNameKey(asSaid, tree.own, wishes, store, identity, signal)
    const bucket = bucketOver(store, row, readSettings(row), () => [
      ...(deps.identities ?? []),
      ...readIdentities(deps.home),
    ])
    const learned = await fetchAll(deps, bucket, signal)
    savePlace(deps.journal, row)
    claimFolder(deps.journal, row.id, marker)
    if (getMeta(deps.journal, 'machine-id') === undefined) setMeta(deps.journal, 'machine-id', tree.machineId)
    return learned
  } finally {
    store.close()
  }
}

/** Nothing is learned of an encrypted place without a key that opens it; one that was given and does is kept, because restores need it too.
 *  @returns that key; undefined where none is needed
 *  @throws OFFSITE_DENIED */
async function requireKey(
  { home, identities = [], recoveryKey }: BucketRebuildDeps,
  place: PlaceRow,
  { own }: Pick<Tree, 'own'>,
): Promise<string | undefined> {
  const { recipients } = readSettings(place)
  if (!recipients) return undefined
  const given = recoveryKey === undefined ? undefined : identitiesIn(recoveryKey)
  const identity = await identityFor(recipients, given ?? [...identities, ...readIdentities(home)])
  if (identity === undefined)
    throw new SafelightError('OFFSITE_DENIED', {
      message: given
        ? `The recovery key that was given does not open "${place.name}" (${own}): it is another place's, or was mistyped. Nothing was learned.`
        : `"${place.name}" (${own}) is encrypted, and this computer has no key that opens it. Nothing was learned.`,
      remedy: `Write the printed line AGE-SECRET-KEY-1… into a file and name it: safelight rebuild --from … --recovery-key FILE. Or put ${AGE_KEY_FILE} of the computer that made the place into ${home}.`,
    })
  if (given) keepIdentity(home, identity)
  return identity
}

interface Tree {
  readonly address: BucketAddress
  readonly machineId: string
  /** `<prefix>/<machine id>/` */
  readonly own: string
}

/** The address may name the prefix, or the folder of one computer below it. */
async function findTree(store: ObjectStore, address: BucketAddress, signal: AbortSignal): Promise<Tree> {
  const { bucket, prefix } = address
  const base = prefix === '' ? '' : `${prefix}/`
  if (prefix !== '' && (await store.head({ key: `${base}place.json` }, signal))) {
    const slash = prefix.lastIndexOf('/')
    return {
      address: { bucket, prefix: slash < 0 ? '' : prefix.slice(0, slash) },
      machineId: prefix.slice(slash + 1),
      own: base,
    }
  }
  const { folders } = await store.listLevel(base, signal)
  const own: string[] = []
  for (const folder of folders) if (await store.head({ key: `${folder}place.json` }, signal)) own.push(folder)
  const [first] = own
  if (first === undefined) throw nothingThere(address)
  if (own.length > 1)
    throw new SafelightError('USAGE', {
      message: `Several computers keep their copies below ${formatBucketUrl(address)}. Nothing was learned.`,
      remedy: `Name one of them: ${own.map((folder) => `safelight rebuild --from ${formatBucketUrl({ bucket, prefix: folder.slice(0, -1) })}`).join(' · ')}`,
    })
  return { address, machineId: first.slice(base.length, -1), own: first }
}

function nothingThere(address: BucketAddress): SafelightError {
  return new SafelightError('COPY_MISSING', {
    message: `Below ${formatBucketUrl(address)} there is no tree of Safelight's (no place.json).`,
    remedy:
      'Look at the bucket’s name and the prefix: safelight place list on the old computer, or the provider’s page, shows them.',
  })
}

/** What is known of this place already stays; else it is what its marker says, and of the store nothing is taken for granted. */
function rowFor(
  { journal, clock }: BucketRebuildDeps,
  request: BucketRequest,
  { address, machineId }: Tree,
  marker: { readonly id: string; readonly name: string; readonly created: string },
  said: Wishes,
): PlaceRow {
  const { endpoint, region, profile, allowPlainHttp } = request
  const reach = {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    ...(allowPlainHttp === undefined ? {} : { allowPlainHttp }),
  }
  const known = placeById(journal, marker.id)
  if (known) return { ...known, settings: { ...known.settings, ...reach }, lastSeenMs: clock() }
  const settings: BucketSettings = {
    allowPlainHttp: false,
    ...reach,
    machineId,
    store: { ...CAUTIOUS_PROFILE, storageClasses: [...CAUTIOUS_PROFILE.storageClasses] },
    probedMs: 0,
    ...(said.encryption ? { recipients: said.encryption.recipients } : {}),
    ...(said.lock ? { lock: said.lock } : {}),
    ...(said.storageClass === undefined ? {} : { storageClass: said.storageClass }),
  }
  return {
    id: marker.id,
    name: freeName(journal, marker.name),
    kind: 'bucket',
    path: formatBucketUrl(address),
    devices: [deviceOfBucket(endpoint, address.bucket)],
    volume: {},
    settings,
    location: 'off-site',
    addedMs: Date.parse(marker.created),
    lastSeenMs: clock(),
    chainLength: 0,
    chainHead: '',
  }
}

function freeName(journal: Journal, name: string): string {
  const taken = new Set(listPlaces(journal).map((place) => place.name.toLowerCase()))
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${name} ${n}`
    if (!taken.has(candidate.toLowerCase())) return candidate
  }
}

const RECORDS: ReadonlySet<string> = new Set([MANIFEST_FILE, LOG_FILE, CHAIN_FILE, 'catalog.json'])
const FETCHED_AT_ONCE = 16
/** Deeper than any path that was ever sent: a rebuild does not look there either. */
const DEPTH_MAX = 70

async function fetchAll(deps: BucketRebuildDeps, bucket: OpenBucket, signal: AbortSignal): Promise<LearnedBucket> {
  const sizes = new Map<string, number>()
  const wanted: string[] = []
  const refused: { path: string; why: string }[] = []
  for await (const { key, sizeBytes } of bucket.store.list(bucket.ownPrefix, signal)) {
    const treePath = bucket.pathOf(key)
    if (treePath === undefined) continue
    const parts = treePath.split('/')
    const isRecord = RECORDS.has(parts.at(-1) ?? '')
    if (
      !isSafeRelativePath(treePath) ||
      parts.length > DEPTH_MAX ||
      parts.some((part) => Buffer.byteLength(part) > 255)
    ) {
      if (isRecord) refused.push({ path: treePath.slice(0, 500), why: 'its name leads out of the place, or nowhere' })
      continue
    }
    sizes.set(treePath, sizeBytes)
    if (!isRecord) continue
    if (sizeBytes <= RECORD_MAX_BYTES) wanted.push(treePath)
    else refused.push({ path: treePath, why: `it is ${sizeBytes} bytes long, which no record of Safelight's is` })
  }
  const root = recordsRoot(deps.home, bucket.place.id)
  // What an earlier rebuild fetched is old news, and names in it could have become folders.
  await rm(root, { recursive: true, force: true })
  await mkdir(root, { recursive: true, mode: 0o700 })
  const limit = pLimit(FETCHED_AT_ONCE)
  try {
    await Promise.all(
      wanted.map((treePath) =>
        limit(async () => {
          const isFetched = await fetchRecord(bucket, root, treePath, signal)
          if (!isFetched) refused.push({ path: treePath, why: 'another object has the name of one of its folders' })
        }),
      ),
    )
  } catch (error) {
    limit.clearQueue()
    throw error
  }
  const { id, name } = bucket.place
  const look = (treePath: string): { sizeBytes: number } | undefined => {
    const sizeBytes = sizes.get(treePath)
    return sizeBytes === undefined ? undefined : { sizeBytes }
  }
  return { place: { id, name, root, look }, refused }
}

/** @returns false when the tree has no room for it: a key may be both a file and a folder, a path not */
async function fetchRecord(bucket: OpenBucket, root: string, treePath: string, signal: AbortSignal): Promise<boolean> {
  const file = path.join(root, ...treePath.split('/'))
  try {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
  } catch (error) {
    if (['EEXIST', 'ENOTDIR'].includes(systemCode(error))) return false
    throw error
  }
  const opened = await bucket.read(treePath, {}, signal)
  if (!opened) return true
  const temporary = `${file}.part`
  const handle = await open(temporary, 'w', 0o600)
  try {
    let bytes = 0
    for await (const chunk of opened.body) {
      bytes += chunk.length
      if (bytes > RECORD_MAX_BYTES) throw new Error(`${treePath} goes on and on`)
      await handle.write(chunk)
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
  try {
    await rename(temporary, file)
    return true
  } catch (error) {
    if (systemCode(error) !== 'EISDIR') throw error
    await rm(temporary)
    return false
  }
}
