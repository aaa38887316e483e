// The thread that encrypts and decrypts: one job, from one file to another, hashing both sides as they pass, fsynced before it answers.
import { createReadStream } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { Decrypter, Encrypter } from 'age-encryption'
import { chooseHashEngine, type Hasher } from '../files/hash.js'

export type AgeJob =
  | {
      readonly kind: 'encrypt' | 'decrypt'
      readonly from: string
      readonly to: string
      /** Recipients to encrypt to, identities to decrypt with. */
      readonly keys: readonly string[]
    }
  | { readonly kind: 'note'; readonly to: string; readonly text: string }

export interface AgeOutcome {
  readonly inputBlake3: string
  readonly outputBlake3: string
  readonly outputBytes: number
}

/** A megabyte at a time; age itself works in chunks of 64 KiB. */
const READ_BYTES = 1024 * 1024

async function run(job: AgeJob): Promise<AgeOutcome> {
  const engine = chooseHashEngine()
  const [input, output] = [engine.create(), engine.create()]
  const handle = await open(job.to, 'w', 0o600)
  try {
    const outputBytes = await writeAll(
      handle,
      output,
      job.kind === 'note' ? [Buffer.from(job.text)] : await transform(job, input),
    )
    await handle.sync()
    return { inputBlake3: input.digest(), outputBlake3: output.digest(), outputBytes }
  } finally {
    await handle.close()
  }
}

async function transform(job: Exclude<AgeJob, { kind: 'note' }>, input: Hasher): Promise<AsyncIterable<Uint8Array>> {
  const source = Readable.toWeb(Readable.from(hashing(job.from, input))) as ReadableStream<Uint8Array>
  if (job.kind === 'encrypt') {
    const encrypter = new Encrypter()
    for (const recipient of job.keys) encrypter.addRecipient(recipient)
    return (await encrypter.encrypt(source as never)) as unknown as AsyncIterable<Uint8Array>
  }
  const decrypter = new Decrypter()
  for (const identity of job.keys) decrypter.addIdentity(identity)
  return (await decrypter.decrypt(source as never)) as unknown as AsyncIterable<Uint8Array>
}

async function* hashing(file: string, hasher: Hasher): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(file, { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>) {
    hasher.update(chunk)
    yield chunk
  }
}

async function writeAll(
  handle: FileHandle,
  hasher: Hasher,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<number> {
  let bytes = 0
  for await (const chunk of chunks) {
    hasher.update(chunk)
    for (let at = 0; at < chunk.length;) at += (await handle.write(chunk, at)).bytesWritten
    bytes += chunk.length
  }
  return bytes
}

if (!isMainThread) parentPort?.postMessage(await run(workerData as AgeJob))
