// What comes in on a connection: lines are noted in the socket's callback, read in a task, believed only with the connection's token, and
// handed to whoever asked. Before the bridge has proven itself only the lines of the proof are looked at.
import { LINES_VERSION } from '../shared/handshake.js'
import type { Notifications } from '../shared/methods.js'
import { openLine, parseEnvelope, type Envelope } from '../shared/rpc.js'
import { isOpen, type Link } from './connection.js'
import { greet } from './greeting.js'
import { logWarning } from './log.js'
import { readSettings } from './settings.js'
import type { SharedState } from './state.js'
import { attempt, giveWay, inTask, now, sleep } from './tasks.js'

/** The helper's answers are small; this much unread is an attack or a fault. */
const INBOX_LINES = 2000

/** In a socket's callback nothing may yield, so a line is only noted here. */
export function hear(link: Link, line: string): void {
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
