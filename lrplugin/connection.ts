// The state of the one connection to the bridge, which sockets.ts, summon.ts, hear.ts and link.ts work on: plain data, no decisions but
// whether it is open.
import { newGreeting, type Greeting } from './greeting.js'
import type { PluginSettings } from './settings.js'
import type { SharedState } from './state.js'
import { now } from './tasks.js'

/** One listening socket as the callbacks saw it. */
export interface Ear {
  socket: LrSocket | undefined
  port: number | undefined
  isConnected: boolean
  /** Ten seconds without a client have passed: re-arm it. */
  hasTimedOut: boolean
}

/** @noSelf */
export interface Link {
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

export const ANY_PORTS = { receive: 0, send: 0 }
/** Between two tries to say hello. */
export const HELLO_EVERY_SECONDS = 3
export const HELLO_SILENCE_SECONDS = 15

export function newLink(context: LrFunctionContext, state: SharedState, isCurrent: () => boolean): Link {
  return {
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
}

export function newEar(): Ear {
  return { socket: undefined, port: undefined, isConnected: false, hasTimedOut: false }
}

export function isOpen(link: Link): boolean {
  return link.receive.isConnected && link.send.isConnected && !link.isLost
}
