// Brings the plugin to life, once per environment and only once per Lightroom: every start takes the next generation number in the
// preferences, and an instance whose number is not the latest any more ends by itself. That covers reloads that leave an old instance
// behind, and Lightroom running a menu's script in an environment of its own.
import { linkWords } from '../shared/words.js'
import { keepLink } from './link.js'
import { sharedState, type SharedState } from './state.js'
import { inTask, now, sleep } from './tasks.js'
import { keepWatch } from './watch.js'

const LrDialogs = lightroom('LrDialogs')
const LrPrefs = lightroom('LrPrefs')

/** Within ten seconds of the start a photographer knows if photos are not being copied. */
const RED_AFTER_SECONDS = 9

/** Returns at once; calling it again does nothing while the first start lives. */
export function startSafelight(): void {
  const state = sharedState()
  if (state.isStarted || state.isLeaving) return
  state.isStarted = true
  const prefs = LrPrefs.prefsForPlugin()
  const generation = (typeof prefs.generation === 'number' ? prefs.generation : 0) + 1
  prefs.generation = generation
  state.generation = generation
  const isCurrent = (): boolean => !state.isLeaving && LrPrefs.prefsForPlugin().generation === generation
  inTask('Safelight: link', (context) => {
    context.addCleanupHandler(() => forget(state))
    keepLink(context, state, isCurrent)
    forget(state)
  })
  inTask('Safelight: watch', () => keepWatch(state, isCurrent))
  inTask('Safelight: warn', () => warnOnce(state, isCurrent))
}

/** This instance is over: whoever looks must not believe in its connection. */
function forget(state: SharedState): void {
  state.isStarted = false
  state.send = undefined
  state.session = undefined
  state.problem = 'no-bridge'
}

function warnOnce(state: SharedState, isCurrent: () => boolean): void {
  const startedAt = now()
  while (isCurrent() && now() - startedAt < RED_AFTER_SECONDS) {
    if (state.session !== undefined) return
    if (state.problem === 'not-installed' || state.problem === 'moved') break
    sleep(0.5)
  }
  if (!isCurrent() || state.session !== undefined) return
  if (state.problem === undefined || state.problem === 'starting') state.problem = 'no-bridge'
  LrDialogs.showBezel(`${linkWords(state.problem).headline} New photos are not being copied.`, 4)
}
