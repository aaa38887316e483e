// The connection to the bridge: one loop that binds the two LrSockets (sockets.ts), has the bridge started (summon.ts), says hello and keeps up
// the heartbeat. It owns `state.send`, `state.session` and `state.problem`; what comes in is hear.ts', what the messages mean ask.ts' and
// watch.ts' business. Callbacks only note what happened, and this loop acts: whenever anything is doubtful, both sockets are closed and bound anew.
import { writeHandshake } from '../shared/handshake.js'
import { PROTOCOL_VERSION } from '../shared/methods.js'
import { RPC_CODES, writeLine, type RpcMessage } from '../shared/rpc.js'
import type { LinkProblem } from '../shared/words.js'
import { ask } from './ask.js'
import { LATE_SECONDS, sayBusy } from './busy.js'
import { ANY_PORTS, HELLO_EVERY_SECONDS, HELLO_SILENCE_SECONDS, isOpen, newLink, type Link } from './connection.js'
import { logInfo, logWarning } from './log.js'
import { bindBoth, hangUp, rearm } from './sockets.js'
import type { SharedState } from './state.js'
import { loadSettings, summonBridge } from './summon.js'
import { attempt, giveWay, inTask, now, nowMs, sleep } from './tasks.js'
import { PLUGIN_VERSION } from './version.js'

const LrTasks = lightroom('LrTasks')

const TURN_SECONDS = 0.25
/** While there is no usable plugin.json it is looked for this often. */
const SETTINGS_SECONDS = 2
/** After a loss, for the system to free the ports. */
const REBIND_SECONDS = 0.5
const PING_EVERY_SECONDS = 20
/** Menus and dialogs can silence us for 15 s; this is counted without such pauses. */
const SILENT_SECONDS = 75
/** The bridge challenges us at once. Whoever has not by then is somebody else, and has both ports. */
const PROOF_SECONDS = 15

/** Keeps the connection until the context ends or `isCurrent` says that another instance took over. Only inside a task. */
export function keepLink(context: LrFunctionContext, state: SharedState, isCurrent: () => boolean): void {
  const link = newLink(context, state, isCurrent)
  state.leave = () => leave(link)
  let lastTurnAt = now()
  while (isCurrent()) {
    forgivePause(link, lastTurnAt)
    lastTurnAt = now()
    const problem = attempt(() => turn(link))
    if (problem !== undefined) logWarning(`link: ${problem}`)
    sleep(TURN_SECONDS)
  }
  hangUp(link)
}

/** Time in which Lightroom let no task run says nothing about the other side. */
function forgivePause(link: Link, lastTurnAt: number): void {
  const pause = now() - lastTurnAt - 2 * TURN_SECONDS
  if (pause <= LATE_SECONDS) return
  sayBusy(link.state)
  link.heardAt += pause
  if (link.openSince !== undefined) link.openSince += pause
}

function turn(link: Link): void {
  if (link.settings === undefined && !loadSettings(link)) {
    sleep(SETTINGS_SECONDS)
    return
  }
  if (link.isLost) {
    hangUp(link)
    link.launchedPorts = ''
    sleep(REBIND_SECONDS)
    if (!link.isCurrent() || !loadSettings(link)) return
  }
  if (link.receive.socket === undefined) bindBoth(link)
  rearm(link.receive)
  rearm(link.send)
  if (isOpen(link)) talk(link)
  else summonBridge(link)
}

function talk(link: Link): void {
  const { state } = link
  if (link.lineToken === undefined) {
    awaitProof(link)
    return
  }
  if (state.send === undefined) state.send = (message) => write(link, message)
  if (now() - link.heardAt > SILENT_SECONDS) {
    logWarning('nothing heard from the bridge; binding anew')
    state.problem = link.wrongTokens > 0 ? 'wrong-token' : 'no-answer'
    link.isLost = true
    return
  }
  if (state.session === undefined) {
    if (!link.isSayingHello && now() - link.helloAt >= HELLO_EVERY_SECONDS) sayHello(link)
    return
  }
  if (now() - link.pingedAt >= PING_EVERY_SECONDS) ping(link)
}

/** A stranger on our ports keeps the bridge out, so we go elsewhere and call it there. */
function awaitProof(link: Link): void {
  if (link.openSince === undefined) link.openSince = now()
  if (now() - link.openSince <= PROOF_SECONDS) return
  logWarning('whoever dialled our ports has not proven to be the bridge; binding others')
  const isOtherVersion = link.settings !== undefined && link.settings.version !== PLUGIN_VERSION
  if (link.state.problem !== 'plugin-too-old' && link.state.problem !== 'helper-too-old')
    link.state.problem = link.wrongTokens > 0 ? 'wrong-token' : isOtherVersion ? 'versions-differ' : 'no-answer'
  hangUp(link)
  link.keptPorts = ANY_PORTS
  link.isLost = true
}

function write(link: Link, message: unknown): boolean {
  const { lineToken, round } = link
  if (lineToken === undefined) return false
  // Two hundred long paths take a while to write; at exit, where nothing may yield, the message is a short one.
  const line = writeLine(lineToken, message as RpcMessage, LrTasks.canYield() ? { breathe: giveWay } : {})
  const { socket, isConnected } = link.send
  // An unconnected LrSocket may raise or swallow what is sent.
  if (line === undefined || socket === undefined || !isConnected || link.isLost || link.round !== round) return false
  socket.send(line)
  return true
}

/** For whoever dialled and is not proven: a client that stays connected hangs Lightroom's quit. One whose call Lightroom has not told us of
 *  yet cannot be told; it hangs up by itself when it hears nothing (BridgeLimits.silentMs). */
function leave(link: Link): void {
  const { socket, isConnected } = link.send
  if (socket !== undefined && isConnected) socket.send(`${writeHandshake({ kind: 'leaving' })}\n`)
}

function sayHello(link: Link): void {
  const { state, round } = link
  link.isSayingHello = true
  link.helloAt = now()
  inTask('Safelight: hello', () => {
    const catalog = state.catalogPath
    const who = { protocol: PROTOCOL_VERSION, client: 'plugin', version: PLUGIN_VERSION } as const
    const answer = ask('session/hello', catalog === undefined ? who : { ...who, catalog }, {
      silenceSeconds: HELLO_SILENCE_SECONDS,
    })
    link.isSayingHello = false
    link.helloAt = now()
    if (link.round !== round || state.isLeaving) return
    if (!answer.ok) {
      state.problem = problemOf(link, answer.error.code, answer.error.data?.protocol)
      return
    }
    const { protocol, version, home, logs } = answer.result
    if (protocol !== PROTOCOL_VERSION) {
      state.problem = protocol > PROTOCOL_VERSION ? 'plugin-too-old' : 'helper-too-old'
      return
    }
    state.session = { version: `${version}`, home: `${home}`, logs: `${logs}` }
    state.problem = undefined
    state.watch.nextScanAt = 0
    link.pingedAt = now()
    link.launches = 0
    logInfo(`connected to Safelight ${version}`)
  })
}

function problemOf(link: Link, code: number, protocol: number | undefined): LinkProblem {
  if (code === RPC_CODES.WRONG_PROTOCOL)
    return protocol === undefined
      ? 'versions-differ'
      : protocol < PROTOCOL_VERSION
        ? 'helper-too-old'
        : 'plugin-too-old'
  if (code === RPC_CODES.UNAUTHORIZED || link.wrongTokens > 0) return 'wrong-token'
  if (code === RPC_CODES.HELPER_UNREACHABLE && now() - link.heardAt < HELLO_SILENCE_SECONDS) return 'helper-down'
  return 'no-answer'
}

function ping(link: Link): void {
  const { state, round } = link
  link.pingedAt = now()
  inTask('Safelight: heartbeat', () => {
    const answer = ask('session/ping', { sentAtMs: nowMs() }, { silenceSeconds: SILENT_SECONDS })
    if (answer.ok || link.round !== round) return
    // The bridge is there and the helper is not: greet it again when it is back.
    state.session = undefined
    state.problem = 'helper-down'
  })
}
