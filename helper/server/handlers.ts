// What the rooms give the server: one function per method. Types only; the daemon fills them in, the server calls them.
import type { MethodName, Notifications, Params, Result } from '../../shared/methods.js'

/** Who is at the other end, as it said in `session/hello`. */
export interface ClientInfo {
  readonly kind: Params<'session/hello'>['client']
  readonly version: string
  /** The catalog that this Lightroom has open; a plugin says it, and its bridge after a reconnection. */
  readonly catalog?: string
}

export interface RequestContext {
  /** Aborted by `job/cancel`, when the server closes, and, for interactive methods, when the client hangs up. */
  readonly signal: AbortSignal
  readonly client: ClientInfo
  /** Tells the client how far its request is. Call it as often as you like: the server thins it out. */
  readonly progress: (progress: Omit<Notifications['job/progress'], 'request'>) => void
}

export type Handler<M extends MethodName> = (params: Params<M>, context: RequestContext) => Promise<Result<M>>

export type Handlers = { readonly [M in MethodName]: Handler<M> }

/** What happens to a request whose client hangs up: what somebody waits for is aborted, what commits runs to its end. */
export const ON_HANGUP: { readonly [M in MethodName]: 'abort' | 'finish' } = {
  'session/hello': 'abort',
  'session/ping': 'abort',
  'photos/imported': 'finish',
  'photos/protect': 'finish',
  'photos/states': 'abort',
  'lightroom/exiting': 'finish',
  'lightroom/lost': 'finish',
  'lightroom/busy': 'finish',
  'backup/run': 'abort',
  'verify/run': 'abort',
  'shoots/list': 'abort',
  'status/get': 'abort',
  'file/story': 'abort',
  'status/accept': 'finish',
  'rebuild/run': 'abort',
  'doctor/run': 'abort',
  'studio/status': 'abort',
  'place/add': 'finish',
  'place/list': 'abort',
  'place/rename': 'finish',
  'place/remove': 'finish',
  'helper/stop': 'finish',
  'restore/plan': 'abort',
  'restore/run': 'abort',
  'heal/run': 'abort',
  'card/check': 'abort',
  'drill/run': 'abort',
  'catalog/check': 'abort',
  'catalog/backup': 'abort',
  'catalog/list': 'abort',
  'catalog/restore': 'abort',
  'prune/run': 'abort',
  'files/find': 'abort',
  'activity/watch': 'abort',
  'setup/look': 'abort',
  'setup/keep': 'finish',
  'setup/install': 'finish',
  'setup/prove': 'abort',
  'setup/sheet': 'abort',
  'page/open': 'abort',
  'job/cancel': 'abort',
}
