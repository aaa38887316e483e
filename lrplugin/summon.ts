// Starts the bridge for the ports that are listened on, and again when it does not come: at once for new ports, then ever more seldom.
import { HELLO_SILENCE_SECONDS, type Link } from './connection.js'
import { backgroundCommand } from './launch.js'
import { logInfo } from './log.js'
import { readSettings, type PluginSettings } from './settings.js'
import type { SharedState } from './state.js'
import { inTask, now } from './tasks.js'

const LrTasks = lightroom('LrTasks')

const LAUNCH_AGAIN_SECONDS = [15, 30, 60, 120, 300]

/** Reads plugin.json anew. @returns whether it can be used; else `problem` says why not */
export function loadSettings(link: Link): boolean {
  const settings = readSettings()
  if (typeof settings === 'string') {
    link.settings = undefined
    link.state.problem = settings
    return false
  }
  link.settings = settings
  return true
}

/** To be called again and again while nobody is connected. */
export function summonBridge(link: Link): void {
  const { settings, receive, send, state } = link
  if (settings === undefined || receive.port === undefined || send.port === undefined) return
  const ports = `${receive.port} ${send.port}`
  const wait = LAUNCH_AGAIN_SECONDS[Math.min(link.launches, LAUNCH_AGAIN_SECONDS.length) - 1] ?? 0
  const waited = now() - link.launchedAt
  if (link.launchedPorts !== '' && waited > HELLO_SILENCE_SECONDS && state.problem === 'starting')
    state.problem = 'no-bridge'
  if (ports === link.launchedPorts && waited < wait) return
  if (ports !== link.launchedPorts && link.launches > 1 && waited < wait / 2) return
  const fresh = loadSettings(link) ? link.settings : undefined
  if (fresh === undefined) return
  link.launchedPorts = ports
  link.launchedAt = now()
  link.launches += 1
  launch(state, fresh, receive.port, send.port)
}

function launch(state: SharedState, settings: PluginSettings, receivePort: number, sendPort: number): void {
  const args = ['bridge', '--receive-port', `${receivePort}`, '--send-port', `${sendPort}`, '--home', settings.home]
  const command = backgroundCommand(WIN_ENV === true ? 'windows' : 'unix', [...settings.command, ...args])
  if (command === undefined) {
    state.problem = 'not-launchable'
    return
  }
  // In a task of its own: execute holds its caller for as long as the shell runs.
  inTask('Safelight: start the bridge', () => {
    const status = LrTasks.execute(command)
    logInfo(`bridge started for ports ${receivePort} and ${sendPort}: ${status}`)
    if (status !== 0) state.problem = 'launch-failed'
  })
}
