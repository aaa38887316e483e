// What is said of a card: one word, one sentence, and then what to do. Pure.
import { inWords } from '../files/in-words.js'
import type { CardPolicy, CardResult } from '../../shared/methods.js'
import type { CardVerdict, Unsafe } from './verdict.js'

/** Each level in words of its own. */
const PROVEN_WHERE: Readonly<Record<CardPolicy, string>> = {
  'local-only': 'at two places on two devices. Nothing of this says that a copy is off-site',
  'in-flight': 'at two places on two devices and on their way off-site, where they are not confirmed yet',
  confirmed: 'at two places on two devices and confirmed off-site',
  'confirmed-locked': 'at two places on two devices, confirmed off-site and locked there against deletion',
}

/** In the order in which they are told. */
const REASONS: readonly (readonly [Unsafe['kind'], string])[] = [
  ['unreadable', 'cannot be read'],
  ['never-imported', 'never imported'],
  ['differs', 'imported with other bytes'],
  ['converted', 'known only as a DNG'],
  ['one-place', 'proven at too few places'],
  ['one-device', 'copied to one device only'],
  ['expired', 'proven too long ago'],
  ['not-off-site', 'not off-site'],
  ['not-confirmed', 'not confirmed off-site yet'],
  ['not-locked', 'not locked off-site'],
  ['not-read', 'not read'],
]

export interface CardWords {
  readonly label: string
  readonly policy: CardPolicy
  readonly level: CardResult['level']
  readonly verdict: CardVerdict
  readonly files: number
  readonly bytes: number
  readonly hasOffSite: boolean
  /** Of a quick look: how many have the name and size of something known. */
  readonly looksKnown?: number
}

export function sentenceOf(words: CardWords): string {
  const { label, policy, verdict, files, bytes, looksKnown } = words
  if (looksKnown !== undefined)
    return `DO NOT FORMAT. This was a quick look, which is not proof: ${looksKnown} of ${counted(files)} on ${label} have the name and size of something known. To read every file: safelight card DIR`
  if (files === 0 && verdict.unsafe.length === 0)
    return `DO NOT FORMAT. No picture, video or sidecar was found on ${label}. Is this the right card, and the right folder?`
  if (verdict.verdict === 'safe')
    return `SAFE TO FORMAT. ${files === 1 ? 'The one file' : `All ${counted(files)}`} on ${label} (${inWords(bytes)}) ${files === 1 ? 'is' : 'are'} proven ${PROVEN_WHERE[policy]}.`
  const { length } = verdict.unsafe
  const reasons = REASONS.map(
    ([kind, said]) => [verdict.unsafe.filter((each) => each.kind === kind).length, said] as const,
  )
    .filter(([count]) => count > 0)
    .map(([count, said]) => `${count} ${said}`)
    .join(', ')
  return `DO NOT FORMAT. ${length} of ${counted(files)} on ${label} ${length === 1 ? 'is' : 'are'} not proven where they have to be: ${reasons}.${advice(words)}`
}

function advice({ policy, level, hasOffSite, verdict }: CardWords): string {
  if (policy !== 'local-only' && !hasOffSite)
    return ' No off-site place is set up, so nothing can be confirmed there. Set one up with "safelight place add s3://…", or ask for less: --policy local-only'
  if (level === 'in-flight' && policy !== 'local-only')
    return ' They are on their way off-site; wait until that is confirmed, or ask for less: --policy in-flight'
  if (verdict.unsafe.some(({ kind }) => kind === 'never-imported'))
    return ' Import what is missing in Lightroom, wait for its backup, and ask again.'
  return ''
}

function counted(files: number): string {
  return `${files} file${files === 1 ? '' : 's'}`
}
