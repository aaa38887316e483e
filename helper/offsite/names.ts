// Object keys. The tree of a place lies in a bucket under `<prefix>/<machine id>/`, one file = one object of the same name, so that any S3
// client can fetch it. The few characters that stores, browsers and XML mangle are written as %XX; everything else, accents and emoji
// included, stays as it is; unless the place hides its names, see hidden-names.ts. Pure; reading a key back gives exactly the path that was
// stored.
import { SafelightError } from '../errors.js'
import { AGE_SUFFIX } from './encryption.js'
import { hideName, showName } from './hidden-names.js'

/** S3's limit, counted in UTF-8. */
const KEY_LIMIT_BYTES = 1024

/** Half of a pair of UTF-16 units: Windows allows it in a name, UTF-8 cannot write it. */
const LONE_SURROGATE = /\p{Cs}/u

export interface KeySpace {
  /** As in the place's address, without slashes at either end; may be ''. */
  readonly prefix: string
  readonly machineId: string
  /** Where names are hidden: 64 hex digits. */
  readonly nameKey?: string
}

/** The key to hidden names, encrypted for those who can read the pictures. */
export const NAME_KEY_FILE = 'names-key.age'

/** Neither encrypted nor hidden: what tells a stranger whose place this is and how to get it back. */
export const ALWAYS_PLAIN: ReadonlySet<string> = new Set([
  'place.json',
  'HOW-TO-RESTORE.txt',
  'status.json',
  NAME_KEY_FILE,
])

const HIDDEN_FOLDER = 'hidden'
/** No part of a key is longer, so that what is fetched can lie on any disk. */
const PARTS = /.{1,192}/g

/** `<prefix>/<machine id>/`: what is below is ours, and nothing else is. */
export function ownPrefix({ prefix, machineId }: KeySpace): string {
  return prefix === '' ? `${machineId}/` : `${prefix}/${machineId}/`
}

/** @param path  relative to the place, with forward slashes, as in `Photos/2026-11-14 Wedding/IMG_0412.CR3`
 *  @throws OFFSITE_REFUSED when no key can stand for it */
export function objectKey(space: KeySpace, path: string): string {
  const segments = path.split('/')
  if (path === '' || segments.includes('')) throw refuse(path, 'has an empty part, which stores treat differently')
  if (LONE_SURROGATE.test(path)) throw refuse(path, 'contains half a character, which cannot be stored')
  const isHidden = space.nameKey !== undefined && !ALWAYS_PLAIN.has(path)
  const name = isHidden ? hiddenName(space.nameKey, path) : segments.map(encodeSegment).join('/')
  const key = ownPrefix(space) + name
  const bytes = Buffer.byteLength(key)
  if (bytes > KEY_LIMIT_BYTES)
    throw refuse(path, `would be ${bytes} bytes long in the bucket, and ${KEY_LIMIT_BYTES} is the limit of every store`)
  return key
}

/** @returns the path; `undefined` for a key that is not below our own prefix, or that Safelight would not have written (a directory
 *  marker that a web page made, for example) */
export function pathOfKey(space: KeySpace, key: string): string | undefined {
  const own = ownPrefix(space)
  if (!key.startsWith(own)) return undefined
  const segments = key.slice(own.length).split('/')
  if (segments.includes('')) return undefined
  const path =
    space.nameKey !== undefined && segments[0] === HIDDEN_FOLDER
      ? shownName(space.nameKey, segments.slice(1).join(''))
      : segments.map(decodeSegment).join('/')
  return path !== undefined && canonical(space, path) === key ? path : undefined
}

/** A sentence with the names of the files in the place of hidden ones. */
export function inPlainNames(space: KeySpace, sentence: string): string {
  if (space.nameKey === undefined) return sentence
  const folder = `${ownPrefix(space)}${HIDDEN_FOLDER}/`
  const [before = '', ...others] = sentence.split(folder)
  return others.reduce((said, rest) => {
    const [hidden = ''] = /^[\w/-]*(?:\.age)?/.exec(rest) ?? []
    return said + (pathOfKey(space, folder + hidden) ?? folder + hidden) + rest.slice(hidden.length)
  }, before)
}

/** What is encrypted still shows that it is. */
function hiddenName(nameKey: string, path: string): string {
  const isAge = path.endsWith(AGE_SUFFIX)
  const token = hideName(nameKey, isAge ? path.slice(0, -AGE_SUFFIX.length) : path)
  const parts = token.match(PARTS) ?? []
  return `${[HIDDEN_FOLDER, ...parts].join('/')}${isAge ? AGE_SUFFIX : ''}`
}

function shownName(nameKey: string, hidden: string): string | undefined {
  const isAge = hidden.endsWith(AGE_SUFFIX)
  const path = showName(nameKey, isAge ? hidden.slice(0, -AGE_SUFFIX.length) : hidden)
  return path !== undefined && isAge ? path + AGE_SUFFIX : path
}

function canonical(space: KeySpace, path: string): string | undefined {
  try {
    return objectKey(space, path)
  } catch (error) {
    if (error instanceof SafelightError) return undefined
    throw error
  }
}

/** Control characters and the two non-characters cannot stand in XML 1.0, in which stores list keys; a backslash is a folder to some
 *  tools; a percent sign is doubled in meaning only where hex digits follow. */
const MANGLED = /[\p{Cc}\u2028\u2029\ufffe\uffff\\]|%(?=[0-9A-Fa-f]{2})/gu

function encodeSegment(segment: string): string {
  if (segment === '.' || segment === '..') return segment.replaceAll('.', '%2E')
  return segment.replace(MANGLED, percent).replace(/^ +| +$/g, (spaces) => '%20'.repeat(spaces.length))
}

function percent(character: string): string {
  return [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}

function decodeSegment(segment: string): string {
  return segment.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
}

function refuse(path: string, why: string): SafelightError {
  return new SafelightError('OFFSITE_REFUSED', {
    message: `"${path.replace(LONE_SURROGATE, '\ufffd')}" cannot go off-site: its name ${why}. It stays on the drives.`,
    remedy: 'Give the file or its folders another name; the renamed file is taken like a new one.',
  })
}
