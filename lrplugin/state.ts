// The plugin's only mutable state that several scripts see. Each script is a bundle of its own, so it lives in one table on _G; what is
// here is plain data and functions of the instance that owns the link. Lightroom may run a script in an environment of its own: then
// the table is simply new and says "starting".
import type { Notifications } from '../shared/methods.js'
import type { Envelope } from '../shared/rpc.js'
import type { LinkProblem } from '../shared/words.js'

/** A request that waits; the owner of the link puts in what arrives, the asker takes it out. */
export interface Pending {
  answer?: Extract<Envelope, { kind: 'success' | 'failure' }>
  progress?: Notifications['job/progress']
  /** When something was last heard of it, in seconds of tasks.now(). */
  heardAt: number
}

export interface Session {
  readonly version: string
  readonly home: string
  readonly logs: string
}

export interface WatchFacts {
  /** Highest id acknowledged, of the catalog that is open. */
  cursor: number
  /** Photos seen that the helper has not acknowledged yet. */
  waiting: number
  acknowledged: number
  /** The latest sentences of the helper about photos it would not take, and our own about ones that cannot be sent. */
  refused: string[]
  refusedCount: number
  lastScanAt?: number
  /** What one pass over the ids cost, without the time given away. */
  scanSeconds: number
  nextScanAt: number
}

export interface SharedState {
  isStarted: boolean
  /** Which start this is; an older instance that is still alive sees another number and ends. */
  generation: number
  /** Set at exit: nothing is rebound or started any more. */
  isLeaving: boolean
  problem: LinkProblem | undefined
  session: Session | undefined
  catalogPath: string | undefined
  /** Writes one message to the bridge; false when it could not go. Absent while there is no connection. */
  send: ((message: unknown) => boolean) | undefined
  /** Says over a connection that is not proven yet that Lightroom is leaving. */
  leave: (() => void) | undefined
  pending: Record<string, Pending | undefined>
  nextRequest: number
  watch: WatchFacts
  /** When the helper was last told that Lightroom is busy. */
  busySaidAt: number
  /** Photos that the helper has just acknowledged, for whoever shows their state. */
  handedOver: LrPhoto[]
}

declare const _G: { safelight?: SharedState }

export function sharedState(): SharedState {
  let state = _G.safelight
  if (state === undefined) {
    state = {
      isStarted: false,
      generation: 0,
      isLeaving: false,
      problem: 'starting',
      session: undefined,
      catalogPath: undefined,
      send: undefined,
      leave: undefined,
      pending: {},
      nextRequest: 1,
      watch: { cursor: 0, waiting: 0, acknowledged: 0, refused: [], refusedCount: 0, scanSeconds: 0, nextScanAt: 0 },
      busySaidAt: 0,
      handedOver: [],
    }
    _G.safelight = state
  }
  return state
}

/** Keeps the latest few of the sentences about photos that were not taken. */
export function noteRefusal(state: SharedState, sentence: string): void {
  state.watch.refusedCount += 1
  state.watch.refused.push(sentence)
  if (state.watch.refused.length > REFUSALS_KEPT) state.watch.refused.shift()
}

const REFUSALS_KEPT = 10
