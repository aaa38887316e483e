// Waiting by the clock on the wall, which goes on while the computer sleeps and which anybody can set. Pure.

/** Whether a moment that was set `waitMs` ahead has come. One that lies further ahead than that was set by a clock that has been set back
 *  since: waiting for it could take years. */
export function isReached(atMs: number, nowMs: number, waitMs: number): boolean {
  const leftMs = atMs - nowMs
  return leftMs <= 0 || leftMs > waitMs
}
