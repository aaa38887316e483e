// Run by Lightroom when it quits. It must return this table, or every quit takes ten seconds. One line to the bridge, then done: no yield, no
// dialog, no file, no closing of sockets here; the bridge hangs up at once, also one that has only just dialled and is not proven yet, because
// a client that stays hangs Lightroom 14.5. A quit that never gets here is noticed by it as well.
import { tell } from './ask.js'
import { sharedState } from './state.js'

export = {
  LrShutdownFunction: (done: () => void, progress: (portion: number, message: string) => boolean): void => {
    const state = sharedState()
    if (!state.isLeaving) {
      state.isLeaving = true
      sayGoodbye(state.catalogPath ?? '')
    }
    progress(1, 'Safelight')
    done()
  },
}

/** Plain pcall, and only here: nothing in it may yield anyway, Lightroom's own is unreliable at this point, and a failed goodbye must
 *  not keep Lightroom waiting. The plain line is said in any case: the bridge we knew may have died a moment ago, and the one that dialled
 *  in its place believes no line of that connection. */
function sayGoodbye(catalog: string): void {
  pcall(() => tell('lightroom/exiting', { catalog }))
  pcall(() => sharedState().leave?.())
}
