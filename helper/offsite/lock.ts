// Whether a copy's lock is what was asked for, and what it should be lengthened to. Pure; confirm.ts carries it out.
import type { LockMode, ObjectLock } from './object-store.js'

/** What a place wants for its objects. */
export interface LockWish {
  readonly mode: LockMode
  readonly retentionMs: number
}

export type LockPlan =
  { readonly kind: 'none' } | { readonly kind: 'set' | 'extend' | 'strengthen'; readonly lock: ObjectLock }

/** A lock may have lost this share of its time before it is renewed: daily renewal of everything would be a request per object. */
const RENEW_WHEN_LOST = 0.1
/** Stores keep whole seconds. */
const ROUNDING_MS = 1_000

/** @param nowMs  the store's time, which is what counts for locks */
export function planLock(current: ObjectLock | undefined, wish: LockWish, nowMs: number): LockPlan {
  const lock: ObjectLock = { mode: strongerOf(current?.mode, wish.mode), untilMs: roundUp(nowMs + wish.retentionMs) }
  if (!current || current.untilMs <= nowMs) return { kind: 'set', lock: { ...lock, mode: wish.mode } }
  if (isWeaker(current.mode, wish.mode))
    return { kind: 'strengthen', lock: { ...lock, untilMs: Math.max(lock.untilMs, current.untilMs) } }
  const leftMs = current.untilMs - nowMs
  if (leftMs < wish.retentionMs * (1 - RENEW_WHEN_LOST) - ROUNDING_MS) return { kind: 'extend', lock }
  return { kind: 'none' }
}

/** After a lock was set: does the store now say what it was told? */
export function fulfils(found: ObjectLock | undefined, asked: ObjectLock): boolean {
  return found !== undefined && !isWeaker(found.mode, asked.mode) && found.untilMs >= asked.untilMs - ROUNDING_MS
}

/** Whole seconds, upwards: what the store rounds down must not end too early. */
export function roundUp(ms: number): number {
  return Math.ceil(ms / 1000) * 1000
}

function isWeaker(found: LockMode, wished: LockMode): boolean {
  return found === 'GOVERNANCE' && wished === 'COMPLIANCE'
}

/** Compliance can be lengthened but never turned back into governance. */
function strongerOf(current: LockMode | undefined, wished: LockMode): LockMode {
  return current === 'COMPLIANCE' ? current : wished
}
