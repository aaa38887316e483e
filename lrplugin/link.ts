// The connection to the bridge: two listening LrSockets, the proof of who dialled them (greeting.ts), that connection's token on every line,
// the bridge's start, the heartbeat, and everything that can go wrong with them. It owns `state.send`, `state.session` and `state.problem`; what the messages mean is ask.ts' and watch.ts' business.
// Rules behind the odd lines: an LrSocket listens, is one-way, takes one client, tells of a lost client only sometimes (never on the sending
// side), dies after 10 s without a client unless re-armed, and must not be touched from the other one's callback. So callbacks only note
// what happened, and one loop acts: whenever anything is doubtful, both sockets are closed and bound anew.
import { LINES_VERSION } from '../shared/handshake.js'
import { PROTOCOL_VERSION, type Notifications } from '../shared/methods.js'
import { RPC_CODES, openLine, parseEnvelope, writeLine, type Envelope, type RpcMessage } from '../shared/rpc.js'
import type { LinkProblem } from '../shared/words.js'
import { ask } from './ask.js'
import { greet, newGreeting, type Greeting } from './greeting.js'
import { backgroundCommand } from './launch.js'
import { logInfo, logWarning } from './log.js'
import { readSettings, type PluginSettings } from './settings.js'
import type { SharedState } from './state.js'
import { attempt, giveWay, inTask, now, nowMs, sleep } from './tasks.js'
import { PLUGIN_VERSION } from './version.js'

const LrSocket = lightroom('LrSocket')
const LrTasks = lightroom('LrTasks')

/** One listening socket as the callbacks saw it. */
interface Ear {
  socket: LrSocket | undefined
  port: number | undefined
  isConnected: boolean
  /** Ten seconds without a client have passed: re-arm it. */
  hasTimedOut: boolean
}

/** @noSelf */
interface Link {
  readonly context: LrFunctionContext
  readonly state: SharedState
  readonly isCurrent: () => boolean
  settings: PluginSettings | undefined
  receive: Ear
  send: Ear
  /** Callbacks of earlier rounds are ignored. */
  round: number
  isLost: boolean
  greeting: Greeting
  /** Of every line once the bridge has proven itself; until then nothing is said and nothing believed. */
  lineToken: string | undefined
  /** Since when both sockets have had a client. */
  openSince: number | undefined
  wrongTokens: number
  inbox: string[]
  isDraining: boolean
  heardAt: number
  pingedAt: number
  helloAt: number
  isSayingHello: boolean
  /** Ports of the round before, kept where they are free: a bridge that still lives then finds its way back. 0 is any port. */
  keptPorts: { readonly receive: number; readonly send: number }
  launchedPorts: string
  launchedAt: number
  launches: number
}

const ANY_PORTS = { receive: 0, send: 0 }
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
const HELLO_EVERY_SECONDS = 3
const HELLO_SILENCE_SECONDS = 15
const LAUNCH_AGAIN_SECONDS = [15, 30, 60, 120, 300]
/** The helper's answers are small; this much unread is an attack or a fault. */
const INBOX_LINES = 2000

/** Keeps the connection until the context ends or `isCurrent` says that another instance took over. Only inside a task. */
export function keepLink(context: LrFunctionContext, state: SharedState, isCurrent: () => boolean): void {
  const link: Link = {
    context,
    state,
    isCurrent,
    settings: undefined,
    receive: newEar(),
    send: newEar(),
    round: 0,
    isLost: false,
    greeting: newGreeting(),
    lineToken: undefined,
    openSince: undefined,
    wrongTokens: 0,
    inbox: [],
    isDraining: false,
    heardAt: now(),
    pingedAt: now(),
    helloAt: -HELLO_EVERY_SECONDS,
    isSayingHello: false,
    keptPorts: ANY_PORTS,
    launchedPorts: '',
    launchedAt: 0,
    launches: 0,
  }
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
  if (pause <= 1) return
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

function loadSettings(link: Link): boolean {
  const settings = readSettings()
  if (typeof settings === 'string') {
    link.settings = undefined
    link.state.problem = settings
    return false
  }
  link.settings = settings
  return true
}

// ---------------------------------------------------------------- sockets

function newEar(): Ear {
  return { socket: undefined, port: undefined, isConnected: false, hasTimedOut: false }
}

function bindBoth(link: Link): void {
  link.round += 1
  link.isLost = false
  link.receive = bind(link, 'receive')
  link.send = bind(link, 'send')
}

function bind(link: Link, mode: 'receive' | 'send'): Ear {
  const ear = newEar()
  const { round } = link
  const isMine = (): boolean => link.round === round
  ear.socket = LrSocket.bind({
    functionContext: link.context,
    plugin: _PLUGIN,
    port: link.keptPorts[mode],
    mode,
    onConnecting: (_socket, port) => {
      ear.port = port
    },
    onConnected: () => {
      if (!isMine()) return
      ear.isConnected = true
      link.heardAt = now()
      link.helloAt = -HELLO_EVERY_SECONDS
    },
    onMessage: (_socket, line) => {
      if (isMine()) hear(link, line)
    },
    onClosed: () => {
      if (isMine() && ear.isConnected) link.isLost = true
    },
    onError: (_socket, error) => {
      if (!isMine()) return
      if (error === 'timeout' && !ear.isConnected) {
        ear.hasTimedOut = true
        return
      }
      // The port may be taken by now.
      if (ear.port === undefined) link.keptPorts = ANY_PORTS
      link.isLost = true
    },
  })
  return ear
}

/** Without a client a listener gives up after 10 s. Done here, not in onError, so that two of them cannot storm. */
function rearm(ear: Ear): void {
  if (!ear.hasTimedOut || ear.isConnected) return
  ear.hasTimedOut = false
  ear.socket?.reconnect()
}

function isOpen(link: Link): boolean {
  return link.receive.isConnected && link.send.isConnected && !link.isLost
}

function hangUp(link: Link): void {
  link.round += 1
  link.state.send = undefined
  link.state.session = undefined
  link.inbox = []
  link.wrongTokens = 0
  link.greeting = newGreeting()
  link.lineToken = undefined
  link.openSince = undefined
  const { receive, send } = link
  if (receive.port !== undefined && send.port !== undefined) link.keptPorts = { receive: receive.port, send: send.port }
  link.receive = newEar()
  link.send = newEar()
  attempt(() => receive.socket?.close())
  attempt(() => send.socket?.close())
}

// ---------------------------------------------------------------- the bridge

function summonBridge(link: Link): void {
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

// ---------------------------------------------------------------- talking

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

// ---------------------------------------------------------------- hearing

/** In a socket's callback nothing may yield, so a line is only noted here. */
function hear(link: Link, line: string): void {
  if (link.inbox.length >= INBOX_LINES) {
    link.isLost = true
    return
  }
  link.inbox.push(line)
  if (link.isDraining) return
  link.isDraining = true
  inTask('Safelight: read', () => {
    const problem = attempt(() => drain(link))
    link.isDraining = false
    if (problem !== undefined) logWarning(`read: ${problem}`)
  })
}

function drain(link: Link): void {
  while (link.inbox.length > 0) {
    const lines = link.inbox
    link.inbox = []
    for (const line of lines) take(link, line)
  }
}

function take(link: Link, text: string): void {
  if (link.lineToken === undefined) {
    takeUnproven(link, text)
    return
  }
  const line = openLine(text, link.lineToken, { breathe: giveWay })
  if (line.kind === 'refused') {
    if (line.reason === 'wrong-token') noteStranger(link)
    return
  }
  link.wrongTokens = 0
  link.heardAt = now()
  deliver(link.state, parseEnvelope(line.message))
}

function takeUnproven(link: Link, text: string): void {
  const { settings, receive, send, round } = link
  if (settings === undefined || receive.port === undefined || send.port === undefined) return
  const ports = { receivePort: receive.port, sendPort: send.port }
  const step = greet(link.greeting, settings.token, ports, text)
  // Reckoning gave way, and another connection may have begun meanwhile.
  if (link.round !== round) return
  if (step.kind === 'answer') {
    // The challenge may be here before Lightroom has told us that the other socket is connected too.
    while (link.round === round && !link.isLost && !link.send.isConnected) sleep(0.05)
    if (link.round === round && isOpen(link)) send.socket?.send(step.line)
  } else if (step.kind === 'proven') {
    link.lineToken = step.token
    link.heardAt = now()
    link.wrongTokens = 0
    if (link.state.problem === 'wrong-token') link.state.problem = 'starting'
  } else if (step.kind === 'other-lines') {
    link.state.problem = step.lines > LINES_VERSION ? 'plugin-too-old' : 'helper-too-old'
  } else {
    noteStranger(link)
  }
}

function noteStranger(link: Link): void {
  link.wrongTokens += 1
  if (link.state.session === undefined) link.state.problem = 'wrong-token'
  if (link.wrongTokens === 1 && link.settings !== undefined) followNewToken(link, link.settings.token)
}

/** Safelight may have been set up again while Lightroom runs; the file then holds another token. */
function followNewToken(link: Link, token: string): void {
  const settings = readSettings()
  if (typeof settings !== 'string' && settings.token !== token) link.isLost = true
}

/** Answers and progress go to whoever asked; everything else is not for us. */
function deliver(state: SharedState, envelope: Envelope): void {
  if (envelope.kind === 'success' || envelope.kind === 'failure') {
    const pending = envelope.id === undefined ? undefined : state.pending[`${envelope.id}`]
    if (pending !== undefined) pending.answer = envelope
  } else if (envelope.kind === 'notification' && envelope.method === 'job/progress') {
    const progress = envelope.params as Notifications['job/progress'] | undefined
    const pending = progress === undefined ? undefined : state.pending[`${progress.request}`]
    if (pending === undefined || progress === undefined) return
    pending.progress = progress
    pending.heardAt = now()
  }
}
