// Finds out what a store really does, with about thirty small requests below a folder of its own: the answer decides the profile, never
// the vendor's name. Stores that accept a lock and then delete the locked object are common, so every claim is tried, not asked. Open the
// store with PROBE_RETRY: what the probe provokes should not be tried six times.
import { createHash, randomUUID } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { SafelightError, describeError } from '../errors.js'
import { BLAKE3_METADATA } from './confirm.js'
import { roundUp } from './lock.js'
import type { LockMode, ObjectLock, ObjectStore, StoredPart } from './object-store.js'
import { SMALLEST_PART_BYTES, crc32Base64, multipartEtag } from './parts.js'
import { CAUTIOUS_PROFILE, warningsFor, type ProbeAnswer, type ProbeFinding, type ProbeReport } from './providers.js'
import type { RetryPolicy } from './s3-retry.js'

export const PROBE_RETRY: RetryPolicy = { attempts: 2, firstDelayMs: 250, longestDelayMs: 2_000 }

export interface ProbeDeps {
  readonly store: ObjectStore
  readonly now: () => number
}

export interface ProbeOptions {
  /** `<prefix>/<machine id>/`; the probe works in a folder below. */
  readonly ownPrefix: string
  /** How long the lock that is tried holds; what it protects cannot be tidied up before. */
  readonly lockMs?: number
  readonly lockMode?: LockMode
  /** Storage classes to try. None by default: a cold one bills months for a few bytes. */
  readonly storageClasses?: readonly string[]
}

/** @throws OFFSITE_* when the store cannot be used at all (unreachable, wrong key, no such bucket) */
export async function probeStore(
  options: ProbeOptions,
  { store, now }: ProbeDeps,
  signal?: AbortSignal,
): Promise<ProbeReport> {
  const folder = `${options.ownPrefix}.safelight-probe/${randomUUID()}/`
  const findings: ProbeFinding[] = []
  /** Tries a claim; a refusal by the store is an answer, a store that is away is not. */
  const ask = async (
    id: string,
    claim: string,
    tryIt: () => Promise<boolean | string | undefined>,
  ): Promise<boolean> => {
    const [answer, detail] = await answered(tryIt)
    findings.push({ id, claim, answer, detail })
    return answer === 'yes'
  }
  const lockAt = (): ObjectLock => ({
    mode: options.lockMode ?? 'GOVERNANCE',
    untilMs: roundUp(now() + store.clockCorrectionMs() + (options.lockMs ?? 60_000)),
  })

  const bucket = await store.bucketFacts(signal)
  const plain = await store.put(putOf(`${folder}plain`, 'one', { [BLAKE3_METADATA]: 'probe' }), signal)
  const head = await store.head({ key: `${folder}plain` }, signal)

  await ask('put', 'stores an object and tells its size', () => yes(head?.sizeBytes === 3))
  await ask('metadata', 'keeps the hash that travels with an object', () =>
    yes(head?.metadata[BLAKE3_METADATA] === 'probe'),
  )
  const etagPut = await ask('etag', 'answers with the MD5 of the bytes', () =>
    yes(plain.kind === 'stored' && plain.etag === md5Of('one').toString('hex')),
  )
  await ask('read', 'reads a range', async () => {
    const opened = await store.read({ key: `${folder}plain`, range: { start: 1, end: 1 } }, signal)
    return opened !== undefined && (await collect(opened.body)).toString() === 'n'
  })
  await ask('names', 'keeps names with spaces, accents and emoji', async () => {
    const key = `${folder}Été + 100% 📷.jpg`
    await store.put(putOf(key, 'x'), signal)
    return (await keysBelow(store, folder, signal)).includes(key)
  })
  await ask('md5', 'refuses bytes that do not fit their MD5', () =>
    refused(() =>
      store.put({ ...putOf(`${folder}bad-md5`, 'one'), contentMd5: md5Of('two').toString('base64') }, signal),
    ),
  )
  const checksSha256 = await ask('signature', 'refuses bytes that do not fit their signature', async () => {
    const { key, body } = putOf(`${folder}bad-sha256`, 'one')
    await store.put({ key, body, sha256: sha256Of('one') }, signal)
    return refused(() => store.put({ key, body, sha256: sha256Of('two') }, signal))
  })
  const crcAnswered = await ask('checksum', 'keeps a CRC32 and tells it', async () => {
    const key = `${folder}crc32`
    await store.put({ ...putOf(key, 'one'), crc32: crcOf('one') }, signal)
    return (await store.head({ key, withChecksums: true }, signal))?.checksums.crc32 === crcOf('one')
  })
  const crcChecked = await ask('checksum-checked', 'refuses bytes that do not fit their CRC32', () =>
    refused(() => store.put({ ...putOf(`${folder}bad-crc32`, 'one'), crc32: crcOf('two') }, signal)),
  )
  const answersChecksums = await ask('checksum-asked', 'answers when asked for checksums', async () => {
    return (await store.head({ key: `${folder}plain`, withChecksums: true }, signal)) !== undefined
  })
  const ifAbsent = await ask('if-absent', 'leaves an existing object alone when told so', async () => {
    const outcome = await store.put({ ...putOf(`${folder}plain`, 'other'), ifAbsent: true }, signal)
    return outcome.kind === 'exists'
  })

  const versioning = await ask('versions', 'keeps and reads old versions', async () => {
    if (bucket.versioning !== 'enabled') return `versioning is ${bucket.versioning}`
    const first = await store.put(putOf(`${folder}versions`, 'first'), signal)
    await store.put(putOf(`${folder}versions`, 'second'), signal)
    if (first.kind !== 'stored' || first.versionId === undefined) return 'no version was named'
    const opened = await store.read({ key: `${folder}versions`, versionId: first.versionId }, signal)
    return opened !== undefined && (await collect(opened.body)).toString() === 'first'
  })

  const locks = await ask('lock', 'keeps a lock, and refuses to delete what is locked', async () => {
    if (!bucket.objectLock) return 'Object Lock is off for this bucket'
    const key = `${folder}locked`
    const stored = await store.put({ ...putOf(key, 'locked'), lock: lockAt() }, signal)
    if (stored.kind !== 'stored' || stored.versionId === undefined) return 'no version was named'
    const kept = (await store.head({ key, versionId: stored.versionId }, signal))?.lock
    if (!kept) return 'the lock was accepted and not kept'
    if ((await store.delete(key, stored.versionId, signal)) === 'deleted') return 'the locked version was deleted'
    return (await store.head({ key, versionId: stored.versionId }, signal)) !== undefined
  })

  const large = Buffer.alloc(SMALLEST_PART_BYTES, 7)
  const key = `${folder}multipart`
  const withCrc32 = crcAnswered && crcChecked
  const multipart = await tryMultipart()
  await ask('multipart', 'puts large objects together from parts', () =>
    orRethrow(multipart, (it) => it.sizeBytes === large.length + 1),
  )
  const etagParts = await ask('part-etag', 'tells which parts have arrived, with their MD5', () =>
    orRethrow(
      multipart,
      (it) => it.listed?.length === 2 && it.listed.every((part, index) => part.etag === it.md5s[index]),
    ),
  )
  await ask('multipart-etag', 'answers for the whole with the MD5 of the parts', () =>
    orRethrow(multipart, (it) => it.etag === multipartEtag([md5Of(large), md5Of('z')])),
  )
  const listsUploads = await ask('list-uploads', 'lists unfinished uploads by folder', () =>
    orRethrow(multipart, (it) => it.wasListed),
  )
  const crcMultipart = await ask('multipart-checksum', 'keeps a CRC32 over the whole of a large object', async () =>
    withCrc32
      ? orRethrow(multipart, (it) => it.crc32 === crc32Base64(crc32('z', crc32(large))))
      : 'it keeps none at all',
  )
  const locksMultipart = await ask('multipart-lock', 'keeps the lock of a large object', async () =>
    locks
      ? orRethrow(multipart, (it) => it.lock !== undefined || 'the lock was accepted and dropped')
      : 'it keeps none at all',
  )
  const locksLater = await ask('lock-later', 'locks an object that is already there', async () => {
    if (!locks) return 'it keeps none at all'
    const versionId = multipart.kind === 'done' ? multipart.versionId : undefined
    if (versionId === undefined) return 'no version was named'
    const wanted = lockAt()
    await store.setLock(key, versionId, wanted, signal)
    return ((await store.head({ key, versionId }, signal))?.lock?.untilMs ?? 0) >= wanted.untilMs - 1000
  })
  const storageClasses: string[] = []
  for (const storageClass of options.storageClasses ?? [])
    if (
      await ask(`class-${storageClass}`, `has the storage class ${storageClass}`, async () => {
        const inClass = `${folder}class-${storageClass}`
        await store.put({ ...putOf(inClass, 'x'), storageClass }, signal)
        return (await store.head({ key: inClass }, signal))?.storageClass === storageClass
      })
    )
      storageClasses.push(storageClass)

  const { leftovers, deleted } = await tidyUp(store, folder, versioning, signal)
  findings.push({
    id: 'may-delete',
    claim: 'lets this key delete versions',
    answer: deleted > 0 ? 'yes' : 'no',
    detail: '',
  })

  const profile = {
    ...CAUTIOUS_PROFILE,
    versioning,
    locks: locks && (locksMultipart || locksLater),
    locksMultipart,
    keepsCrc32: withCrc32 && crcMultipart,
    answersChecksums,
    etagIsMd5: etagPut && etagParts,
    checksSha256,
    ifAbsent,
    listsUploads,
    mayDelete: deleted > 0,
    storageClasses,
  }
  return { store: store.name, probedAtMs: now(), findings, profile, warnings: warningsFor(profile), leftovers }

  async function tryMultipart(): Promise<Tried<MultipartFacts>> {
    return attempted(async () => {
      const { uploadId } = await store.beginUpload({ key, withCrc32, ...(locks ? { lock: lockAt() } : {}) }, signal)
      const bodies = [large, Buffer.from('z')]
      const parts: Omit<StoredPart, 'sizeBytes'>[] = []
      for (const [index, body] of bodies.entries()) {
        const checksum = withCrc32 ? { crc32: crc32Base64(crc32(body)) } : {}
        const number = index + 1
        const contentMd5 = md5Of(body).toString('base64')
        const sent = await store.uploadPart({ key, uploadId, number, body, contentMd5, ...checksum }, signal)
        if (sent.kind === 'stored') parts.push({ number, etag: sent.etag, ...checksum })
      }
      const listed = await store.listParts(key, uploadId, signal)
      let wasListed = false
      for await (const upload of store.listUploads(folder, signal)) wasListed ||= upload.uploadId === uploadId
      const completed = await store.completeUpload({ key, uploadId, parts, sizeBytes: large.length + 1 }, signal)
      const found = await store.head({ key, withChecksums: answersChecksums }, signal)
      return {
        listed,
        md5s: bodies.map((body) => md5Of(body).toString('hex')),
        wasListed,
        sizeBytes: found?.sizeBytes,
        etag: found?.etag,
        crc32: found?.checksums.type === 'COMPOSITE' ? undefined : found?.checksums.crc32,
        lock: found?.lock,
        versionId: completed.kind === 'completed' ? (completed.versionId ?? found?.versionId) : undefined,
      }
    })
  }
}

interface MultipartFacts {
  readonly listed: readonly StoredPart[] | undefined
  readonly md5s: readonly string[]
  readonly wasListed: boolean
  readonly sizeBytes: number | undefined
  readonly etag: string | undefined
  readonly crc32: string | undefined
  readonly lock: ObjectLock | undefined
  readonly versionId: string | undefined
}

type Tried<T> = (T & { readonly kind: 'done' }) | { readonly kind: 'refused'; readonly error: SafelightError }

async function attempted<T extends object>(run: () => Promise<T>): Promise<Tried<T>> {
  try {
    return { kind: 'done', ...(await run()) }
  } catch (error) {
    if (error instanceof SafelightError && isAnAnswer(error)) return { kind: 'refused', error }
    throw error
  }
}

function orRethrow<T>(tried: Tried<T>, judge: (it: T) => boolean | string): Promise<boolean | string> {
  return tried.kind === 'done' ? Promise.resolve(judge(tried)) : Promise.reject(tried.error)
}

async function answered(tryIt: () => Promise<boolean | string | undefined>): Promise<[ProbeAnswer, string]> {
  try {
    const result = await tryIt()
    return typeof result === 'string' ? ['no', result] : [result ? 'yes' : 'no', '']
  } catch (error) {
    if (!(error instanceof SafelightError) || !isAnAnswer(error)) throw error
    return ['no', describeError(error.cause ?? error)]
  }
}

/** A refusal tells what the store cannot do; being away or not letting us in tells nothing. */
function isAnAnswer(error: SafelightError): boolean {
  return !['OFFSITE_UNREACHABLE', 'OFFSITE_CLOCK', 'OFFSITE_FULL', 'OFFSITE_SUSPENDED', 'OFFSITE_ADDRESS'].includes(
    error.code,
  )
}

async function refused(run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run()
    return false
  } catch (error) {
    if (error instanceof SafelightError && isAnAnswer(error)) return true
    throw error
  }
}

async function tidyUp(store: ObjectStore, folder: string, versioned: boolean, signal: AbortSignal | undefined) {
  const leftovers: string[] = []
  let deleted = 0
  const take = async (key: string, versionId?: string): Promise<void> => {
    if ((await store.delete(key, versionId, signal)) === 'deleted') deleted += 1
    else leftovers.push(key)
  }
  if (versioned) for await (const { key, versionId } of store.listVersions(folder, signal)) await take(key, versionId)
  else for await (const { key } of store.list(folder, signal)) await take(key)
  return { leftovers, deleted }
}

async function keysBelow(store: ObjectStore, prefix: string, signal: AbortSignal | undefined): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(prefix, signal)) keys.push(key)
  return keys
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function putOf(key: string, text: string, metadata: Readonly<Record<string, string>> = {}) {
  const body = Buffer.from(text)
  return { key, body, contentMd5: md5Of(body).toString('base64'), metadata }
}

function md5Of(bytes: string | Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest()
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function crcOf(text: string): string {
  return crc32Base64(crc32(text))
}

function yes(claim: boolean): Promise<boolean> {
  return Promise.resolve(claim)
}
