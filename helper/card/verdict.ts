// May this card be formatted? Decided from facts and the clock alone: what each file on it reads as, where the same bytes are proven, and how
// sure the user wants to be. Every doubt is a no: what was not read, not imported, proven too long ago, or proven at a time still to come.
import { countDevices, isCounted, isOffSite, type PlaceFacts } from '../status/counting.js'
import { expiryOf } from '../status/health.js'
import type { Policy } from '../status/policy.js'
import type { CopyState, ProofMethod } from '../model.js'
import type { CardPolicy, CardResult } from '../../shared/methods.js'

/** A copy of the very bytes of a file on the card. */
export interface Proof {
  readonly place: PlaceFacts
  readonly state: CopyState
  readonly provenMs?: number
  readonly how?: ProofMethod
  /** Whether a file of this size lies there now; undefined when the place is not connected and its proof has to do. */
  readonly isThere?: boolean
  /** The card itself, or a folder on it: gone with it. */
  readonly isOnCard: boolean
  readonly lockedUntilMs?: number
}

/** What is known of another content that could be the same picture. */
export interface Lookalike {
  readonly kind: 'same-size' | 'same-time' | 'dng'
  /** `<shoot>/<name>`. */
  readonly known: string
}

export interface CardFile {
  /** Path on the card, with `/`. */
  readonly file: string
  readonly sizeBytes: number
  readonly read:
    { readonly kind: 'hashed' } | { readonly kind: 'unreadable'; readonly why: string } | { readonly kind: 'not-read' }
  /** Whether the journal knows its bytes at all. */
  readonly isKnown: boolean
  readonly proofs: readonly Proof[]
  readonly lookalike?: Lookalike
}

export interface CardFacts {
  readonly files: readonly CardFile[]
  /** Folders that could not be listed: what is in them is unknown. */
  readonly unreadable: readonly { readonly file: string; readonly why: string }[]
  readonly policy: CardPolicy
  /** For how long proofs are believed. */
  readonly belief: Policy
  /** Whether any place is off-site at all. */
  readonly hasOffSite: boolean
  readonly isQuick: boolean
  readonly nowMs: number
}

type Judging = Pick<CardFacts, 'policy' | 'belief' | 'hasOffSite' | 'nowMs'>

export type Unsafe = CardResult['unsafe'][number]

export interface CardVerdict {
  readonly verdict: 'safe' | 'not-safe'
  readonly safe: number
  readonly unsafe: readonly Unsafe[]
}

/** A card without a single picture is not safe: more likely the wrong folder was named, or the card was not read. */
export function judgeCard(facts: CardFacts): CardVerdict {
  const unsafe: Unsafe[] = facts.unreadable.map(({ file, why }) => ({ file, kind: 'unreadable', why }))
  let safe = 0
  for (const file of facts.files) {
    const doubt = judgeFile(file, facts)
    if (doubt === undefined) safe += 1
    else unsafe.push(doubt)
  }
  const isSafe = !facts.isQuick && unsafe.length === 0 && safe > 0 && safe === facts.files.length
  return { verdict: isSafe ? 'safe' : 'not-safe', safe, unsafe }
}

/** @returns why the file is not proven wherever the policy asks for it; undefined when it is */
export function judgeFile(card: CardFile, facts: Judging): Unsafe | undefined {
  const no = (kind: Unsafe['kind'], why: string): Unsafe => ({ file: card.file, kind, why })
  if (card.read.kind === 'unreadable') return no('unreadable', `it cannot be read: ${card.read.why}`)
  if (card.read.kind === 'not-read') return no('not-read', 'it was not read, so nothing is proven of it')
  if (!card.isKnown) return unknownContent(card, no)
  const elsewhere = card.proofs.filter((proof) => isCounted(proof.place) && !proof.isOnCard && proof.isThere !== false)
  const good = elsewhere.filter((proof) => isProven(proof, facts))
  const lapsed = elsewhere.filter((proof) => proof.state === 'verified' && !isProven(proof, facts))
  const level = facts.policy
  const offSite = level === 'local-only' ? [undefined] : offSiteCopies(elsewhere, facts)
  // One off-site copy is set apart as the third; the others have to be two places on two devices without it.
  const isEnough = offSite.some((third) => isOnTwoDevices(good.filter((proof) => proof.place.id !== third?.place.id)))
  if (isEnough) return undefined
  const isLocal = ({ place }: Proof): boolean => level === 'local-only' || !isOffSite(place)
  return isOnTwoDevices(good.filter(isLocal)) && level !== 'local-only'
    ? offSiteDoubt(level, elsewhere, facts, no)
    : localDoubt(good, lapsed.filter(isLocal), isLocal, no)
}

type No = (kind: Unsafe['kind'], why: string) => Unsafe

function unknownContent({ lookalike }: CardFile, no: No): Unsafe {
  if (lookalike === undefined) return no('never-imported', 'it was never imported: no place knows these bytes')
  const { kind, known } = lookalike
  if (kind === 'dng')
    return no(
      'converted',
      `only a DNG made of it is known (${known}); that is another file, and this original is not copied`,
    )
  return kind === 'same-size'
    ? no('differs', `${known} has its name and size and other bytes: the card, the reader or the import has an error`)
    : no('differs', `${known} has its name and date and another size: it was imported in part, or changed`)
}

function isProven({ place, state, provenMs, how }: Proof, { belief, nowMs }: Judging): boolean {
  if (state !== 'verified' || provenMs === undefined || provenMs > nowMs + CLOCK_SLACK_MS) return false
  return nowMs <= expiryOf({ placeId: place.id, state, provenMs, ...(how === undefined ? {} : { how }) }, place, belief)
}

/** Clocks of one machine are set by a second or two, not by more: a later proof was made under a clock that was wrong. Status gives a day
 *  more, because of it nothing is deleted. */
const CLOCK_SLACK_MS = 60_000

function isOnTwoDevices(proofs: readonly Proof[]): boolean {
  return placesOf(proofs).length >= 2 && countDevices(placesOf(proofs)) >= 2
}

function placesOf(proofs: readonly Proof[]): PlaceFacts[] {
  return [...new Map(proofs.map(({ place }) => [place.id, place])).values()]
}

function offSiteCopies(proofs: readonly Proof[], facts: Judging): Proof[] {
  const { policy: level, nowMs } = facts
  const offSite = proofs.filter(({ place }) => isOffSite(place))
  if (level === 'in-flight') return offSite.filter((proof) => proof.state === 'written' || isProven(proof, facts))
  const confirmed = offSite.filter((proof) => isProven(proof, facts))
  if (level === 'confirmed') return confirmed
  return confirmed.filter(({ lockedUntilMs }) => lockedUntilMs !== undefined && lockedUntilMs > nowMs)
}

function localDoubt(
  good: readonly Proof[],
  lapsed: readonly Proof[],
  isLocal: (proof: Proof) => boolean,
  no: No,
): Unsafe {
  const local = good.filter(isLocal)
  if (isOnTwoDevices([...local, ...lapsed]))
    return no(
      'expired',
      `its proof at ${namesOf(lapsed)} is too old, or of a wrong clock; read it again with: safelight verify`,
    )
  if (good.length === 0) return no('one-place', 'it is known, and no copy of it is proven at any place now')
  return placesOf(local).length < 2
    ? no('one-place', `it is proven at ${namesOf(good)} only`)
    : no('one-device', `its copies at ${namesOf(local)} are on one device, or on disks that cannot be told apart`)
}

function offSiteDoubt(level: CardPolicy, proofs: readonly Proof[], facts: Judging, no: No): Unsafe {
  const offSite = proofs.filter(({ place }) => isOffSite(place))
  if (!facts.hasOffSite) return no('not-off-site', 'no off-site place is set up')
  if (offSite.some((proof) => isProven(proof, facts)))
    return level === 'confirmed-locked'
      ? no('not-locked', `its copy at ${namesOf(offSite)} is not locked against deletion`)
      : no('one-place', `apart from ${namesOf(offSite)} it is not proven at two places on two devices`)
  if (offSite.some(({ state }) => state === 'verified'))
    return no('expired', `its proof at ${namesOf(offSite)} is too old, or of a wrong clock`)
  return offSite.some(({ state }) => state === 'written')
    ? no('not-confirmed', `it is on its way to ${namesOf(offSite)} and not confirmed yet`)
    : no('not-off-site', 'it has not been sent off-site yet')
}

function namesOf(proofs: readonly Proof[]): string {
  return placesOf(proofs).map(nameOf).join(' and ')
}

function nameOf({ role, name }: PlaceFacts): string {
  return role === 'working' ? 'the original' : `"${name}"`
}
