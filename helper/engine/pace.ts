// How many files are worked on at once. Several keep processor and disk both busy, but a disk that spins has to seek between them, and a
// network share may serve one after the other better: there the first few large files are copied several at once, the next few one at a
// time, and what was faster is kept for this source and these places. Pure, but for the journal's memory of it.
import type { Volume } from '../files/volumes.js'
import { getMeta, setMeta } from '../journal/meta.js'
import type { Journal } from '../journal/journal.js'
import type { FilePlan } from './plan.js'

export type Pace = 'several' | 'one'

/** Bytes copied, and how long that took. */
export interface Trial {
  readonly bytes: number
  readonly ms: number
}

/** Files of a trial, from the head of the first shoot: largest first, so they are like one another. */
export const TRIAL = { several: 6, one: 2 } as const

/** Below this, starting and naming a file weighs as much as its bytes, and says nothing of the disk. */
const LARGE_BYTES = 8 * 1024 * 1024

/** A trial costs about as much as one of its files: it must not be felt. */
const WORTH_IT_FACTOR = 8

/** One at a time leaves the processor idle, so it has to be clearly faster. */
const CLEARLY = 1.1

/** A drive may have been moved to another cable or another computer. */
const REMEMBERED_MS = 30 * 24 * 3600 * 1000

/** Whether it may matter how many files are written at once: not on disks that say they have no moving parts. */
export function mayDiffer(volumes: readonly Pick<Volume, 'medium' | 'isRotational'>[]): boolean {
  return volumes.some(({ medium, isRotational }) => medium === 'network' || isRotational === true)
}

/** @param files  in the order in which they will be copied */
export function isTrialWorthIt(files: readonly Pick<FilePlan, 'bytesToSend'>[], bytesToSend: number): boolean {
  const head = files.slice(0, TRIAL.several + TRIAL.one)
  const trialBytes = head.reduce((sum, file) => sum + file.bytesToSend, 0)
  return (
    head.length === TRIAL.several + TRIAL.one &&
    head.every((file) => file.bytesToSend >= LARGE_BYTES) &&
    bytesToSend >= WORTH_IT_FACTOR * trialBytes
  )
}

export function choosePace(several: Trial, one: Trial): Pace {
  if (several.bytes === 0 || one.bytes === 0) return 'several'
  return one.bytes / Math.max(1, one.ms) > (CLEARLY * several.bytes) / Math.max(1, several.ms) ? 'one' : 'several'
}

/** What a pace was measured for: the devices that are read and written. */
export function paceKey(source: readonly string[], places: readonly string[]): string {
  return `pace ${[...source].sort().join('+')} > ${[...places].sort().join('+')}`
}

export function rememberedPace(journal: Journal, key: string, nowMs: number): Pace | undefined {
  const [pace, measured] = (getMeta(journal, key) ?? '').split(' ')
  const ageMs = nowMs - Number(measured)
  return (pace === 'one' || pace === 'several') && ageMs >= 0 && ageMs < REMEMBERED_MS ? pace : undefined
}

export function rememberPace(journal: Journal, key: string, pace: Pace, nowMs: number): void {
  setMeta(journal, key, `${pace} ${nowMs}`)
}
