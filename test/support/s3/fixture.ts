// What the off-site tests begin with: a bucket, a store opened on it, files of known bytes, and dependencies that do not wait.
import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as s3 from '@aws-sdk/client-s3'
import { chooseHashEngine, hashBytes } from '../../../helper/files/hash.js'
import type { ObjectStore } from '../../../helper/offsite/object-store.js'
import { CAUTIOUS_PROFILE, type StoreProfile } from '../../../helper/offsite/providers.js'
import { openS3Store, type S3Deps, type S3Options } from '../../../helper/offsite/s3.js'
import { openFileSource } from '../../../helper/offsite/source.js'
import { uploadObject, type UploadDeps, type UploadRequest } from '../../../helper/offsite/upload.js'
import { openFileLedger, type FileLedger } from './file-ledger.js'
import { seededRandom } from './fault-proxy.js'

export const MIB = 1024 * 1024
export const HASH = chooseHashEngine()

/** A client of the tests' own, to make buckets and to look at what the code under test has done. */
export function rawClient(url: string, secretAccessKey = 'testsecret'): s3.S3Client {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true'
  const client = new s3.S3Client({
    endpoint: url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 2,
    logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  })
  client.middlewareStack.add(
    (next) => (args) => {
      if ('request' in args) md5InsteadOfCrc32(args.request as { headers: Record<string, string>; body?: unknown })
      return next(args)
    },
    { step: 'build', priority: 'low', name: 'md5InsteadOfCrc32' },
  )
  return client
}

/** What every store understands for the small XML requests; the SDK itself insists on a CRC32. */
function md5InsteadOfCrc32({ headers, body }: { headers: Record<string, string>; body?: unknown }): void {
  if (typeof body !== 'string' || body === '') return
  headers['content-md5'] = createHash('md5').update(body).digest('base64')
  for (const name of Object.keys(headers))
    if (/^x-amz-(sdk-)?checksum-/.test(name)) Reflect.deleteProperty(headers, name)
}

export async function makeBucket(
  url: string,
  options: { readonly lock?: boolean; readonly versioned?: boolean } = {},
): Promise<string> {
  const bucket = `b-${randomUUID().slice(0, 13)}`
  const client = rawClient(url)
  await client.send(new s3.CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: options.lock ?? false }))
  client.destroy()
  if (options.versioned && !options.lock) {
    const store = openTestStore(url, bucket)
    await store.enableVersioning()
    store.close()
  }
  return bucket
}

/** Credentials go the way a user's do: through the environment. */
export function setTestCredentials(accessKeyId = 'test', secretAccessKey = 'testsecret'): void {
  process.env['AWS_ACCESS_KEY_ID'] = accessKeyId
  process.env['AWS_SECRET_ACCESS_KEY'] = secretAccessKey
  process.env['AWS_EC2_METADATA_DISABLED'] = 'true'
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = '/nonexistent/credentials'
  process.env['AWS_CONFIG_FILE'] = '/nonexistent/config'
  delete process.env['AWS_PROFILE']
  delete process.env['AWS_SESSION_TOKEN']
}

/** Waiting costs a turn of the event loop; how long it would have been is written down. */
export function instantSleep(slept: number[] = []): UploadDeps['sleep'] {
  return (ms, signal) => {
    slept.push(ms)
    return new Promise((resolve, reject) => {
      setImmediate(() => (signal?.aborted ? reject(signal.reason as Error) : resolve()))
    })
  }
}

export function openTestStore(
  url: string,
  bucket: string,
  options: Partial<S3Options> = {},
  deps: Partial<S3Deps> = {},
): ObjectStore {
  return openS3Store(
    { endpoint: url, bucket, connectionTimeoutMs: 5_000, ...options },
    { sleep: instantSleep(), random: seededRandom(7), ...deps },
  )
}

/** Bytes that look like a raw file's: incompressible, and the same for the same seed. */
export function bytesOf(length: number, seed = 1): Buffer {
  const out = Buffer.alloc(length)
  for (let at = 0, block = 0; at < length; at += 64, block++)
    createHash('sha512').update(`${seed}/${block}`).digest().copy(out, at)
  return out
}

export interface TestFolder {
  readonly path: string
  file(name: string, bytes: Uint8Array): string
  remove(): void
}

export function testFolder(): TestFolder {
  const path = mkdtempSync(join(tmpdir(), 'safelight-offsite-'))
  return {
    path,
    file(name, bytes) {
      const file = join(path, name)
      writeFileSync(file, bytes)
      return file
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}

export function requestFor(
  key: string,
  file: string,
  bytes: Uint8Array,
  more: Partial<UploadRequest> = {},
): UploadRequest {
  const { size, mtimeMs } = statSync(file)
  return { key, sizeBytes: size, mtimeMs, blake3: hashBytes(HASH, bytes), ...more }
}

export interface UploadBench {
  readonly ledger: FileLedger
  readonly deps: UploadDeps
  upload(request: UploadRequest, file: string, signal?: AbortSignal): ReturnType<typeof uploadObject>
}

/** The protocol with parts of 5 MiB, the smallest that S3 allows, so that files stay small. */
export function uploadBench(
  store: ObjectStore,
  folder: TestFolder,
  more: Partial<UploadDeps> = {},
  profile: Partial<StoreProfile> = {},
): UploadBench {
  const ledger = openFileLedger(join(folder.path, 'ledger.json'))
  const deps: UploadDeps = {
    store,
    ledger,
    profile: { ...CAUTIOUS_PROFILE, ...profile },
    hashEngine: HASH,
    now: Date.now,
    sleep: instantSleep(),
    leastPartBytes: 5 * MIB,
    ...more,
  }
  return {
    ledger,
    deps,
    async upload(request, file, signal) {
      const source = await openFileSource(file)
      try {
        return await uploadObject(request, source, deps, signal)
      } finally {
        await source.close()
      }
    },
  }
}

export async function readAll(store: ObjectStore, key: string, versionId?: string): Promise<Buffer> {
  const opened = await store.read({ key, ...(versionId === undefined ? {} : { versionId }) })
  if (!opened) throw new Error(`${key} is not there`)
  const chunks: Uint8Array[] = []
  for await (const chunk of opened.body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
