// Manifest, log and chain of a bucket. They are written in a folder of the home just as on a drive, by the same code, and then sent: log,
// manifest, and the chain last. So a manifest in the bucket is always true: it lists what was confirmed before it was written. What the
// home's folder lacks and the bucket has (another computer, a lost disk) is fetched before anything is added to it.
import os from 'node:os'
import path from 'node:path'
import { mkdirSync } from 'node:fs'
import { makeFolders, readWhole, replaceFile, type DurableFiles } from '../files/durable.js'
import { hashBytes, type HashEngine } from '../files/hash.js'
import { temporaryIn } from '../files/temporary.js'
import { copiesAt } from '../journal/files.js'
import type { Journal } from '../journal/journal.js'
import { temporaryTag } from '../journal/meta.js'
import { objectAt, type ObjectRow } from '../journal/offsite.js'
import { placeById } from '../journal/places.js'
import { text } from '../journal/rows.js'
import { listShoots, sourceById, type ShootRow } from '../journal/shoots.js'
import { addStep, finishStep, sealOf, stepsOf } from '../journal/steps.js'
import { CHAIN_FILE } from '../manifest/chain.js'
import { appendEvents, LOG_FILE, modifiedAt, parseLog, type LogEvent } from '../manifest/log.js'
import { MANIFEST_FILE } from '../manifest/manifest.js'
import { sealShoots } from '../manifest/seal.js'
import type { Hash } from '../model.js'
import { folderOfShoot } from './candidates.js'
import { storedPlainHash } from './journal-ledger.js'
import type { OpenBucket, OpenedObject } from './open-bucket.js'
import { uploadFile, type SendDeps } from './upload-file.js'

export interface RecordDeps extends SendDeps {
  readonly files: DurableFiles
  readonly journal: Journal
  readonly hashEngine: HashEngine
  readonly home: string
}

/** As on a drive: so many are sealed together. */
const SEAL_LOT = 64

/** The folder in the home in which a bucket's records are written; made when it is missing. */
export function recordsRoot(home: string, placeId: string): string {
  const root = path.join(home, 'offsite', placeId, 'records')
  mkdirSync(root, { recursive: true, mode: 0o700 })
  return root
}

/** Seals the shoots that ask for it and sends what was written.
 *  @param isReady  whether a shoot may be sealed now; one that is still being sent is sealed later
 *  @returns what was found wrong with the chain, as sentences */
export async function sendRecords(
  bucket: OpenBucket,
  isReady: (shootId: number) => boolean,
  deps: RecordDeps,
  signal?: AbortSignal,
): Promise<string[]> {
  const placeId = bucket.place.id
  const root = recordsRoot(deps.home, placeId)
  const rows = new Map(listShoots(deps.journal).map((row) => [row.id, row]))
  const rowsOf = (kind: 'seal' | 'records'): ShootRow[] =>
    stepsOf(deps.journal, kind).flatMap((step) => {
      const row = step.placeId === placeId && isReady(step.shootId) ? rows.get(step.shootId) : undefined
      return row ? [row] : []
    })
  const warnings = new Set<string>()
  const toSeal = rowsOf('seal')
  if (toSeal.length > 0) await fetchMissing(bucket, root, CHAIN_FILE, chainIsKnown(deps, placeId), deps, signal)
  for (let at = 0; at < toSeal.length; at += SEAL_LOT) {
    const lot = toSeal.slice(at, at + SEAL_LOT)
    for (const row of lot) await writeLog(bucket, root, row, deps, signal)
    deps.journal.transaction(() => {
      for (const { id } of lot)
        addStep(deps.journal, { kind: 'records', shootId: id, placeId, payload: '' }, deps.now())
    })
    const { chainWarnings } = sealShoots(
      { files: deps.files, journal: deps.journal, hash: deps.hashEngine, clock: deps.now },
      placeId,
      root,
      lot.map((row) => ({ shootId: row.id, folder: folderOfShoot(deps.journal, row, placeId) })),
    )
    for (const warning of chainWarnings) warnings.add(warning)
  }
  for (const row of rowsOf('records')) {
    const folder = `Photos/${folderOfShoot(deps.journal, row, placeId)}`
    await sendRecord(bucket, root, `${folder}/${LOG_FILE}`, deps, signal)
    await sendRecord(bucket, root, `${folder}/${MANIFEST_FILE}`, deps, signal)
    finishStep(deps.journal, { kind: 'records', shootId: row.id, placeId, payload: '' })
  }
  await sendRecord(bucket, root, CHAIN_FILE, deps, signal)
  return [...warnings]
}

/** Whether shoots wait to be sealed, or what was sealed waits to be sent. */
export function hasRecordsToSend(journal: Journal, placeId: string): boolean {
  return (['seal', 'records'] as const).some((kind) => stepsOf(journal, kind).some((step) => step.placeId === placeId))
}

function chainIsKnown({ journal }: RecordDeps, placeId: string): boolean {
  return (placeById(journal, placeId)?.chainLength ?? 0) > 0
}

/** Brings the log up to what the journal knows of this shoot's objects. */
async function writeLog(
  bucket: OpenBucket,
  root: string,
  shoot: ShootRow,
  deps: RecordDeps,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { files, journal } = deps
  const placeId = bucket.place.id
  const below = folderOfShoot(journal, shoot, placeId)
  const wasSealed = sealOf(journal, shoot.id, placeId) !== undefined
  for (const name of [LOG_FILE, MANIFEST_FILE])
    await fetchMissing(bucket, root, `Photos/${below}/${name}`, wasSealed, deps, signal)
  const folder = path.join(root, 'Photos', ...below.split('/'))
  const file = path.join(folder, LOG_FILE)
  const before = files.stat(file) === undefined ? '' : readWhole(files, file).toString('utf8')
  const events = newEvents(bucket, shoot, parseLog(before).events, deps)
  const head = before === '' ? [sourceEvent(bucket, shoot, deps)] : []
  if (events.length > 0) appendEvents(files, root, folder, [...head, ...events])
}

function sourceEvent(bucket: OpenBucket, shoot: ShootRow, { journal, now }: RecordDeps): LogEvent {
  const source = sourceById(journal, shoot.sourceId)
  return {
    event: 'source',
    at: new Date(now()).toISOString(),
    shoot: shoot.key,
    root: source.path,
    pathFromRoot: shoot.pathFromRoot,
    ...(source.volumeId === undefined ? {} : { volume: source.volumeId, pathOnVolume: source.pathOnVolume ?? '' }),
    host: os.hostname(),
    sourceDevices: [...source.devices],
    placeDevices: [bucket.device],
  }
}

/** What became true of the copies since the log was written last. */
function newEvents(bucket: OpenBucket, shoot: ShootRow, told: readonly LogEvent[], deps: RecordDeps): LogEvent[] {
  const lies = contentsTold(told)
  const objects = objectsOfShoot(deps.journal, bucket.place.id, shoot.id)
  const fresh = copiesAt(deps.journal, shoot.id, bucket.place.id)
    .filter((copy) => copy.state === 'verified' && lies.get(copy.path) !== copy.hash)
    // Earlier contents first: they left the name before the new one took it.
    .sort((a, b) => b.path.split('/').length - a.path.split('/').length)
  return fresh.map((copy): LogEvent => {
    const object = objects.get(copy.path)
    const at = new Date(copy.provenMs ?? deps.now()).toISOString()
    if (copy.path !== copy.name && lies.get(copy.name) === copy.hash) {
      lies.delete(copy.name)
      return {
        event: 'kept',
        at,
        file: copy.name,
        path: copy.name,
        to: copy.path,
        copyHash: copy.hash,
        why: 'the original changed',
      }
    }
    return {
      event: 'copied',
      at,
      file: copy.name,
      path: copy.path,
      bytes: copy.sizeBytes,
      modified: modifiedAt(copy.mtimeMs),
      sourceHash: copy.hash,
      copyHash: copy.hash,
      read: 'server checksum',
      device: bucket.device,
      by: deps.hashEngine.name,
      ...(object?.versionId === undefined ? {} : { versionId: object.versionId }),
      ...(object?.lockedUntilMs === undefined ? {} : { lockedUntil: new Date(object.lockedUntilMs).toISOString() }),
    }
  })
}

function contentsTold(events: readonly LogEvent[]): Map<string, Hash> {
  const lies = new Map<string, Hash>()
  for (const event of events) {
    if (event.event === 'copied' || event.event === 'adopted') lies.set(event.path, event.sourceHash)
    if (event.event === 'kept') {
      lies.delete(event.path)
      lies.set(event.to, event.copyHash)
    }
  }
  return lies
}

function objectsOfShoot(journal: Journal, placeId: string, shootId: number): Map<string, ObjectRow> {
  const rows = journal.all(
    `SELECT o.key, o.copy_path FROM objects o JOIN versions v ON v.id = o.copy_version JOIN files f ON f.id = v.file_id
     WHERE o.place_id = ? AND f.shoot_id = ?`,
    [placeId, shootId],
  )
  return new Map(
    rows.flatMap((row) => {
      const object = objectAt(journal, placeId, text(row, 'key'))
      return object ? [[text(row, 'copy_path'), object] as const] : []
    }),
  )
}

/** One file of the home's folder to the bucket, when its bytes are not those that lie there. */
async function sendRecord(
  bucket: OpenBucket,
  root: string,
  treePath: string,
  deps: RecordDeps,
  signal: AbortSignal | undefined,
): Promise<void> {
  const file = path.join(root, ...treePath.split('/'))
  const stat = deps.files.stat(file)
  if (stat?.kind !== 'file') return
  const hash = hashBytes(deps.hashEngine, readWhole(deps.files, file))
  const object = objectAt(deps.journal, bucket.place.id, bucket.keyOf(treePath))
  if (object && storedPlainHash(object) === hash) return
  await uploadFile(
    bucket,
    { path: treePath, file, hash, sizeBytes: stat.sizeBytes, mtimeMs: stat.mtimeMs },
    { plainBlake3: hash },
    deps,
    signal,
  )
}

/** Whether the bucket's chain is, byte for byte, the one in the home's folder. */
export async function isChainAsRead(
  bucket: OpenBucket,
  { files, home }: Pick<RecordDeps, 'files' | 'home'>,
  signal?: AbortSignal,
): Promise<boolean> {
  const file = path.join(recordsRoot(home, bucket.place.id), CHAIN_FILE)
  const here = files.stat(file) === undefined ? '' : readWhole(files, file).toString('utf8')
  const opened = await bucket.read(CHAIN_FILE, {}, signal)
  return (opened === undefined ? '' : await textOf(opened)) === here
}

async function textOf(opened: OpenedObject): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of opened.body) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/** @param isKnown  that there should be one; else the bucket is not asked */
async function fetchMissing(
  bucket: OpenBucket,
  root: string,
  treePath: string,
  isKnown: boolean,
  { files, journal }: RecordDeps,
  signal: AbortSignal | undefined,
): Promise<void> {
  const file = path.join(root, ...treePath.split('/'))
  if (!isKnown || files.stat(file) !== undefined) return
  const opened = await bucket.read(treePath, {}, signal)
  if (!opened) return
  const content = await textOf(opened)
  makeFolders(files, root, path.dirname(file))
  const temporary = temporaryIn(path.dirname(file), temporaryTag(journal))
  replaceFile(files, file, temporary, content)
}
