// Encryption before anything leaves the house: the age format, X25519, always for two recipients (this computer and the recovery key that
// was printed at set-up), in a worker thread. Each encryption draws a new file key, so encrypting twice gives different bytes: the
// ciphertext is therefore spooled to a file whose hash is written down beside it, and a resumed upload reads that very file again. A stock
// `age -d -i key.txt` opens every object. Recipients are public; identities never leave the call that needs them.
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { SafelightError } from '../errors.js'
import type { AgeJob, AgeOutcome } from './encryption-worker.js'

export interface AgeKey {
  /** `AGE-SECRET-KEY-1…`; whoever has it reads everything. */
  readonly identity: string
  /** `age1…`; may be known to all. */
  readonly recipient: string
}

/** What is uploaded in place of the original, and what it was made of. */
export interface Spooled {
  readonly file: string
  readonly sizeBytes: number
  /** Of the ciphertext: what the bucket is asked to confirm. */
  readonly blake3: string
  /** Of the original. */
  readonly plainBlake3: string
}

/** Added to the object's name. */
export const AGE_SUFFIX = '.age'

/** A native X25519 key, which every release of age reads. (The hybrid kind is younger than the `age` of today's Debian.) */
export async function generateAgeKey(): Promise<AgeKey> {
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption')
  const identity = await generateX25519Identity()
  return { identity, recipient: await identityToRecipient(identity) }
}

/** The ciphertext of a file, made once per content and kept in the spool until `dropSpooled`. May be called again after a crash: a spooled
 *  file that is whole is used again, one that is not is made anew.
 *  @param plainBlake3  the reference hash; a file with other bytes is not encrypted
 *  @param recipients   at least two different ones
 *  @throws COPY_DIFFERS, SOURCE_UNREADABLE, CONFIG_INVALID */
export async function spoolEncrypted(
  from: string,
  plainBlake3: string,
  recipients: readonly string[],
  spoolFolder: string,
  signal?: AbortSignal,
): Promise<Spooled> {
  checkRecipients(recipients)
  await mkdir(spoolFolder, { recursive: true, mode: 0o700 })
  const file = join(spoolFolder, `${plainBlake3}${AGE_SUFFIX}`)
  const kept = await readSpooled(file, plainBlake3)
  if (kept) return kept

  const outcome = await runAge({ kind: 'encrypt', from, to: `${file}.part`, keys: recipients }, signal)
  if (outcome.inputBlake3 !== plainBlake3) {
    await rm(`${file}.part`, { force: true })
    throw new SafelightError('COPY_DIFFERS', {
      message: `${from} does not have the bytes of its reference hash, and was not encrypted.`,
      remedy: 'Run safelight verify, which finds the good copy and offers to heal this one.',
    })
  }
  const spooled: Spooled = { file, sizeBytes: outcome.outputBytes, blake3: outcome.outputBlake3, plainBlake3 }
  await rm(file, { force: true })
  // The note first: a spooled file under its final name always has one, and the note says what it must be.
  await runAge({ kind: 'note', to: `${file}.json`, text: JSON.stringify(spooled) }, signal)
  await rename(`${file}.part`, file)
  return spooled
}

export async function dropSpooled({ file }: Spooled): Promise<void> {
  await rm(file, { force: true })
  await rm(`${file}.json`, { force: true })
}

/** Decrypts to a temporary name beside `to`, compares with the reference hash, and only then gives it its name; a flipped bit or a missing
 *  end is noticed late in this format, after many bytes were written.
 *  @throws COPY_DIFFERS, NAME_TAKEN, OFFSITE_DENIED when none of the keys opens it */
export async function decryptFile(
  from: string,
  to: string,
  plainBlake3: string,
  identities: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  if (existsSync(to))
    throw new SafelightError('NAME_TAKEN', {
      message: `${to} exists already and was left as it is.`,
      remedy: 'Choose another folder to restore to.',
    })
  const part = `${to}.safelight-part`
  try {
    const { outputBlake3 } = await runAge({ kind: 'decrypt', from, to: part, keys: identities }, signal)
    if (outputBlake3 !== plainBlake3)
      throw new SafelightError('COPY_DIFFERS', {
        message: `What ${from} decrypts to is not what was encrypted.`,
        remedy: 'Restore it from another place, then run safelight verify.',
      })
    await rename(part, to)
  } finally {
    await rm(part, { force: true })
  }
}

function checkRecipients(recipients: readonly string[]): void {
  if (new Set(recipients).size >= 2 && recipients.every((recipient) => /^age1[a-z0-9]+$/.test(recipient))) return
  throw new SafelightError('CONFIG_INVALID', {
    message:
      'Encryption needs two keys, that of this computer and the printed recovery key; with one alone a fire could take both photos and key.',
    remedy: 'Run the set-up of encryption again and keep the printed key away from the computer.',
  })
}

async function readSpooled(file: string, plainBlake3: string): Promise<Spooled | undefined> {
  if (!existsSync(file) || !existsSync(`${file}.json`)) return undefined
  const note = JSON.parse(await readFile(`${file}.json`, 'utf8')) as Spooled
  const { size } = await stat(file)
  return note.plainBlake3 === plainBlake3 && note.sizeBytes === size ? { ...note, file } : undefined
}

function runAge(job: AgeJob, signal: AbortSignal | undefined): Promise<AgeOutcome> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const worker = new Worker(new URL('./encryption-worker.js', import.meta.url), { workerData: job })
    const stop = (): void => {
      reject(signal?.reason as Error)
      void worker.terminate()
    }
    signal?.addEventListener('abort', stop, { once: true })
    worker.once('message', (outcome: AgeOutcome) => resolve(outcome))
    worker.once('error', (error) => reject(plainly(error, job)))
    worker.once('exit', () => {
      signal?.removeEventListener('abort', stop)
      // After a message or an error this is too late to matter.
      reject(new Error('the encryption thread ended without an answer'))
    })
  })
}

function plainly(error: Error, job: AgeJob): Error {
  if (job.kind !== 'decrypt') return error
  const wrongKey = /no identity matched/i.test(error.message)
  return new SafelightError(wrongKey ? 'OFFSITE_DENIED' : 'COPY_DIFFERS', {
    message: wrongKey
      ? `None of the keys given opens ${job.from}.`
      : `${job.from} is damaged or cut short and could not be decrypted to its end.`,
    remedy: wrongKey
      ? 'Use the key of the computer that encrypted it, or the printed recovery key.'
      : 'Restore it from another place, then run safelight verify.',
    cause: error,
  })
}
