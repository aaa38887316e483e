// The two listening LrSockets of a connection: bound, armed again, closed. An LrSocket listens, is one-way, takes one client, tells of a lost
// client only sometimes (never on the sending side), dies after 10 s without a client unless re-armed, and must not be touched from the
// other one's callback. So callbacks only note what happened; link.ts acts.
import { ANY_PORTS, HELLO_EVERY_SECONDS, newEar, type Ear, type Link } from './connection.js'
import { newGreeting } from './greeting.js'
import { hear } from './hear.js'
import { attempt, now } from './tasks.js'

const LrSocket = lightroom('LrSocket')

/** Begins a new round: callbacks of the sockets before are not listened to any more. */
export function bindBoth(link: Link): void {
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
export function rearm(ear: Ear): void {
  if (!ear.hasTimedOut || ear.isConnected) return
  ear.hasTimedOut = false
  ear.socket?.reconnect()
}

/** Ends the round, and with it everything that was said and believed in it. */
export function hangUp(link: Link): void {
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
