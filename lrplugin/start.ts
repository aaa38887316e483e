// Brings the plugin to life, once per environment and only once per Lightroom: every start takes the next generation number in the
// preferences, and an instance whose number is not the latest any more ends by itself. That covers reloads that leave an old instance
// behind, and Lightroom running a menu's script in an environment of its own.
import { linkWords } from '../shared/words.js'
import { keepLabels } from './labels.js'
import { keepLink } from './link.js'
import { askForOwnBackup } from './own-backup.js'
import { sharedState, type SharedState } from './state.js'
import { inTask, now, sleep } from './tasks.js'
import { keepWatch } from './watch.js'

const LrDialogs = lightroom('LrDialogs')
const LrPrefs = lightroom('LrPrefs')

/** Within ten seconds of the start a photographer knows if photos are not being copied. */
const RED_AFTER_SECONDS = 9

/** Says so this often in the preferences, which every environment of the plugin shares. */
const ALIVE_SECONDS = 20
/** Silent for longer than this, the latest instance is taken for dead, and an older one that still lives takes over again. */
const DEAD_SECONDS = 90

/** Returns at once; calling it again does nothing while the first start lives. */
export function startSafelight(): void {
  const state = sharedState()
  if (state.isStarted || state.isLeaving) return
  state.isStarted = true
  takeOver(state)
  inTask('Safelight: link', (context) => {
    context.addCleanupHandler(() => forget(state))
    while (!state.isLeaving) {
      keepLink(context, state, () => isCurrent(state))
      forget(state)
      waitForDeathOfNewer(state)
    }
  })
  inTask('Safelight: watch', () => {
    while (!state.isLeaving) {
      keepWatch(state, () => isCurrent(state))
      sleep(1)
    }
  })
  inTask('Safelight: labels', () => {
    while (!state.isLeaving) {
      keepLabels(state, () => isCurrent(state))
      sleep(1)
    }
  })
  askForOwnBackup()
  inTask('Safelight: alive', () => stayAlive(state))
  inTask('Safelight: warn', () => warnOnce(state))
}

function takeOver(state: SharedState): void {
  const prefs = LrPrefs.prefsForPlugin()
  const generation = (typeof prefs.generation === 'number' ? prefs.generation : 0) + 1
  prefs.generation = generation
  prefs.aliveAt = now()
  state.generation = generation
  state.problem = 'starting'
}

function isCurrent(state: SharedState): boolean {
  return !state.isLeaving && LrPrefs.prefsForPlugin().generation === state.generation
}

function stayAlive(state: SharedState): void {
  while (!state.isLeaving) {
    if (isCurrent(state)) LrPrefs.prefsForPlugin().aliveAt = now()
    sleep(ALIVE_SECONDS)
  }
}

/** Lightroom has been seen running a menu's script in an environment that it threw away soon after. */
function waitForDeathOfNewer(state: SharedState): void {
  while (!state.isLeaving) {
    const { aliveAt } = LrPrefs.prefsForPlugin()
    if (typeof aliveAt !== 'number' || now() - aliveAt > DEAD_SECONDS) {
      takeOver(state)
      return
    }
    sleep(ALIVE_SECONDS / 2)
  }
}

/** This instance is over: whoever looks must not believe in its connection. */
function forget(state: SharedState): void {
  state.send = undefined
  state.session = undefined
  state.problem = 'no-bridge'
}

function warnOnce(state: SharedState): void {
  const startedAt = now()
  while (isCurrent(state) && now() - startedAt < RED_AFTER_SECONDS) {
    if (state.session !== undefined) return
    if (state.problem === 'not-installed' || state.problem === 'moved') break
    sleep(0.5)
  }
  if (!isCurrent(state) || state.session !== undefined) return
  if (state.problem === undefined || state.problem === 'starting') state.problem = 'no-bridge'
  LrDialogs.showBezel(`${linkWords(state.problem).headline} New photos are not being copied.`, 4)
}
