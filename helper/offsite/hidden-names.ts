// Names that say nothing, for encrypted places: the path of an object is itself encrypted, always to the same name, so that no list of names has
// to be kept, and nothing but the key is needed to read one back. The key lies in the bucket, encrypted for those who can read the pictures.
//
//     token = IV ‖ AES-256-CTR(key, IV, path)      IV = the first 16 bytes of HMAC-SHA-256(HMAC-SHA-256(key, "IV of a name"), path)
//
// The path is padded with zero bytes, so that its length tells little and the token needs no padding of its own. HOW-TO-RESTORE.txt reads it
// with openssl.
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'

/** In hex. */
const KEY_BYTES = 32
const IV_BYTES = 16
/** Tokens come in multiples of this, and so in multiples of 64 letters. */
const STEP_BYTES = 48

export function newNameKey(): string {
  return randomBytes(KEY_BYTES).toString('hex')
}

/** Pure. @param nameKey  64 hex digits @returns letters, digits, `-` and `_` */
export function hideName(nameKey: string, path: string): string {
  const text = Buffer.from(path, 'utf8')
  const bytes = Math.ceil((IV_BYTES + text.length) / STEP_BYTES) * STEP_BYTES - IV_BYTES
  const padded = Buffer.concat([text, Buffer.alloc(bytes - text.length)])
  const key = Buffer.from(nameKey, 'hex')
  const iv = ivOf(key, padded)
  const cipher = createCipheriv('aes-256-ctr', key, iv)
  return Buffer.concat([iv, cipher.update(padded), cipher.final()]).toString('base64url')
}

/** Pure. @returns the path; undefined for a token that was not made with this key */
export function showName(nameKey: string, token: string): string | undefined {
  const bytes = Buffer.from(token, 'base64url')
  if (bytes.length <= IV_BYTES || bytes.toString('base64url') !== token) return undefined
  const key = Buffer.from(nameKey, 'hex')
  const iv = bytes.subarray(0, IV_BYTES)
  const decipher = createDecipheriv('aes-256-ctr', key, iv)
  const padded = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES)), decipher.final()])
  if (!ivOf(key, padded).equals(iv)) return undefined
  const end = padded.indexOf(0)
  return padded.subarray(0, end < 0 ? padded.length : end).toString('utf8')
}

function ivOf(key: Buffer, padded: Buffer): Buffer {
  const own = createHmac('sha256', key).update('IV of a name').digest()
  return createHmac('sha256', own).update(padded).digest().subarray(0, IV_BYTES)
}

/** The key as it lies in the bucket: an age file in letters, which `age -d` opens. */
export async function wrapNameKey(nameKey: string, recipients: readonly string[]): Promise<string> {
  const { armor, Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  for (const recipient of recipients) encrypter.addRecipient(recipient)
  return armor.encode(await encrypter.encrypt(`${nameKey}\n`))
}

/** @param identity  one that the place is encrypted for
 *  @returns undefined when it is not such a key */
export async function unwrapNameKey(text: string, identity: string): Promise<string | undefined> {
  const { armor, Decrypter } = await import('age-encryption')
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity)
  try {
    const key = (await decrypter.decrypt(armor.decode(text), 'text')).trim()
    return NAME_KEY.test(key) ? key : undefined
  } catch (error) {
    // Not armored, altered, or for others: the package says which, and the caller that it cannot be read.
    if (error instanceof Error) return undefined
    throw error
  }
}

export const NAME_KEY = /^[0-9a-f]{64}$/
