// How long a silent connection is waited for. The system takes several megabytes into its own buffers before the line has carried them, so
// on a slow line a connection can look silent although every byte is on its way. A frozen server should be noticed within a minute, a slow
// line must not be given up for ever: so the wait begins short, doubles with every silence, and is short again after a quick answer. Pure.

export interface Patience {
  readonly firstMs: number
  readonly nowMs: number
}

/** Four megabytes, a common send buffer, at 256 kbit/s take a little over two minutes; beyond six a line is as good as none. */
const LONGEST_MS = 360_000

export function newPatience(firstMs: number): Patience {
  return { firstMs, nowMs: firstMs }
}

/** @param bornMs  how long this silence was borne; four parts that fall silent together count as one silence */
export function afterSilence({ firstMs, nowMs }: Patience, bornMs: number): Patience {
  return { firstMs, nowMs: Math.max(nowMs, Math.min(LONGEST_MS, bornMs * 2)) }
}

/** @param tookMs  from the first byte of a body to the answer; answers to questions without one say nothing about the line */
export function afterAnswer(patience: Patience, tookMs: number): Patience {
  return tookMs < patience.firstMs ? { ...patience, nowMs: patience.firstMs } : patience
}
