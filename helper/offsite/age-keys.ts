// The key of this computer for encrypted places: one file in the home, in the form that `age-keygen` writes, readable by its owner alone.
// Whoever has it reads everything; it never leaves this file but for the call that decrypts.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'
import { identityToRecipient } from 'age-encryption'
import { SafelightError } from '../errors.js'
import { systemFiles } from '../files/durable.js'
import { generateAgeKey, type AgeKey } from './encryption.js'

export const AGE_KEY_FILE = 'age-key.txt'

/** @returns the identities in the home's key file; none when there is no such file */
export function readIdentities(home: string): readonly string[] {
  const file = path.join(home, AGE_KEY_FILE)
  return existsSync(file) ? identitiesIn(readFileSync(file, 'utf8')) : []
}

/** Pure: the secret keys in a text of lines, as `age -i` reads it. */
export function identitiesIn(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('AGE-SECRET-KEY-'))
}

/** The computer's own key, made at the first encrypted place.
 *  @throws CONFIG_INVALID when there is a file without a key in it: a new key would lock out what was encrypted for the old one */
export async function ensureMachineKey(home: string): Promise<AgeKey> {
  const file = path.join(home, AGE_KEY_FILE)
  const [identity] = readIdentities(home)
  if (identity !== undefined) return { identity, recipient: await identityToRecipient(identity) }
  if (existsSync(file))
    throw new SafelightError('CONFIG_INVALID', {
      message: `${file} should hold this computer's key for encrypted places, and holds none. Nothing was changed.`,
      remedy: 'Put the key back from a backup. Only if nothing was ever encrypted with it, delete the file.',
    })
  const key = await generateAgeKey()
  writePrivate(
    file,
    `# Safelight: this computer's key for encrypted places. Whoever has it can read them.\n# public key: ${key.recipient}\n${key.identity}\n`,
  )
  return key
}

/** Which of these secret keys a place was encrypted for; undefined for none. What is no key at all is none of them. */
export async function identityFor(
  recipients: readonly string[],
  identities: readonly string[],
): Promise<string | undefined> {
  for (const identity of identities) if (recipients.includes((await recipientOf(identity)) ?? '')) return identity
  return undefined
}

async function recipientOf(identity: string): Promise<string | undefined> {
  try {
    return await identityToRecipient(identity)
  } catch (error) {
    // A line that was mistyped: the package says what of it is wrong, and the caller that none of the keys fits.
    if (error instanceof Error) return undefined
    throw error
  }
}

/** From now on this computer opens with this key as well what was encrypted for it. */
export function keepIdentity(home: string, identity: string): void {
  const file = path.join(home, AGE_KEY_FILE)
  if (readIdentities(home).includes(identity)) return
  const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const apart = before === '' || before.endsWith('\n') ? '' : '\n'
  writePrivate(file, `${before}${apart}# Safelight: a recovery key, given to a rebuild.\n${identity}\n`)
}

/** Readable by its owner alone from the first byte on, and whole or not there. */
function writePrivate(file: string, content: string): void {
  const temporary = `${file}.new`
  rmSync(temporary, { force: true })
  const descriptor = openSync(temporary, 'wx', 0o600)
  try {
    writeSync(descriptor, content)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(temporary, file)
  systemFiles.syncFolder(path.dirname(file))
}
