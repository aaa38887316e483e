// Tells the helper when Lightroom has work of its own, so that reading old copies again waits: while an import runs, and while the photographer
// works in a way that keeps tasks like ours waiting (a module that is being drawn, an open menu, a dialog). Noticed by the way, by watching the
// clock; nothing is measured for it.
import { tell } from './ask.js'
import type { SharedState } from './state.js'
import { now } from './tasks.js'

/** A task that comes back so much later than it asked for was kept waiting. */
export const LATE_SECONDS = 1
/** What is said holds for so long … */
const HOLDS_SECONDS = 60
/** … and is not said again sooner. */
const AGAIN_SECONDS = 20

export function sayBusy(state: SharedState): void {
  if (state.session === undefined || now() - state.busySaidAt < AGAIN_SECONDS) return
  state.busySaidAt = now()
  tell('lightroom/busy', { seconds: HOLDS_SECONDS })
}
