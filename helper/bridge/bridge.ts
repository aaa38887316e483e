// `safelight bridge`: what stands between a Lightroom that can only listen and a helper that speaks WebSocket. Owns its own life: one
// per Lightroom, as long as that lives, gone the moment it quits. A Lightroom that goes away without a word is reported to the helper
// as a possible exit. The plugin's side is plugin-ports.ts, the helper's helper-link.ts, what passes between them relay.ts.
import { rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { notification } from '../../shared/rpc.js'
import { SafelightError, systemCode } from '../errors.js'
import { claimHome } from '../instance.js'
import type { ServeCommand } from '../service/background.js'
import { isAlive } from '../service/endpoint.js'
import { readPluginFile } from '../service/plugin-file.js'
import { HelperLink } from './helper-link.js'
import { PluginPorts, type Ports } from './plugin-ports.js'
import { Relay } from './relay.js'

export interface BridgeOptions extends Ports {
  readonly home: string
  readonly version: string
  /** How to start the helper when none runs. */
  readonly command: ServeCommand
  /** Aborting it ends the bridge (SIGINT, SIGTERM). */
  readonly signal: AbortSignal
  /** When known, its end is noticed at once. */
  readonly lightroomPid?: number
  readonly limits?: Partial<BridgeLimits>
}

export interface BridgeLimits {
  /** Lightroom may begin to listen 10 s after the plugin has started. */
  readonly dialMs: number
  /** A reloaded plugin binds new ports and starts a new bridge; ours need not wait long for the old ones. */
  readonly returnMs: number
  /** How long whoever listens may leave our challenge without a word before we hang up and call again later: it may be a Lightroom that began
   *  to quit just as we dialled, which a client that stays hangs, or one that is merely busy, which gets longer every time. The last of
   *  them from then on. */
  readonly silentMs: readonly number[]
  /** How long a request waits for a helper that is being started before it is answered HELPER_AWAY. */
  readonly holdMs: number
  /** Between two attempts to find or start a helper, the last of them from then on. */
  readonly retryMs: readonly number[]
  /** For the last word to a helper that has to be started first. */
  readonly lastWordMs: number
}

export const BRIDGE_LIMITS: BridgeLimits = {
  dialMs: 30_000,
  returnMs: 20_000,
  silentMs: [3000, 6000, 15_000],
  holdMs: 5_000,
  retryMs: [100, 250, 500, 1000, 2000, 5000, 15_000, 60_000],
  lastWordMs: 25_000,
}

export type BridgeEnd =
  /** The plugin said that Lightroom is leaving. */
  | 'exiting'
  /** Lightroom was there and is not any more. */
  | 'lost'
  /** Nobody listened on the two ports any more. */
  | 'never-there'
  /** Another bridge serves these ports. */
  | 'already-served'
  | 'aborted'

const PID_LOOK_MS = 1000
/** After hanging up on a silent Lightroom: time for it to be gone, or for its plugin to notice and to bind anew. */
const STAY_AWAY_MS = 1000

/** Relays until Lightroom is gone. @throws CONFIG_INVALID there is no plugin.json · HOME_UNUSABLE */
export async function runBridge(options: BridgeOptions): Promise<BridgeEnd> {
  const { home, receivePort, sendPort } = options
  requirePluginFile(home)
  const claim = path.join(home, 'bridges', `${receivePort}-${sendPort}`)
  const owner = await claimPorts(claim)
  if (owner === undefined) return 'already-served'
  try {
    return await new Bridge({ ...BRIDGE_LIMITS, ...options.limits }, options).run()
  } finally {
    owner.release()
    rmSync(claim, { recursive: true, force: true })
  }
}

class Bridge {
  #catalog: string | undefined
  #relay: Relay | undefined
  #lastWord: string | undefined
  /** Connections in a row on which nothing was heard. */
  #silences = 0
  readonly #helper: HelperLink
  readonly #end = new AbortController()

  constructor(
    private readonly limits: BridgeLimits,
    private readonly options: BridgeOptions,
  ) {
    const { home, version, command } = options
    this.#helper = new HelperLink({
      home,
      version,
      command,
      retryMs: limits.retryMs,
      catalog: () => this.#catalog,
      onUp: () => this.#relay?.helperIsUp(),
      onDown: () => this.#relay?.helperIsDown(),
      onFrame: (text) => this.#relay?.takeFrame(text),
    })
  }

  async run(): Promise<BridgeEnd> {
    const { signal } = this.options
    const onAbort = () => this.#end.abort()
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    const watching = this.#watchLightroom()
    try {
      const hasMet = await this.#relayWhileItLasts()
      if (signal.aborted) return 'aborted'
      // A Lightroom that called us and had gone before we met it has had its catalog open too.
      const catalog = this.#catalog === undefined ? {} : { catalog: this.#catalog }
      const lost = JSON.stringify(notification('lightroom/lost', catalog))
      const said = await this.#helper.sendLast(this.#lastWord ?? lost, this.limits.lastWordMs)
      // A plugin that could not say which catalog it leaves has left one all the same.
      if (said === 'refused') await this.#helper.sendLast(lost, this.limits.lastWordMs)
      if (!hasMet) return 'never-there'
      return this.#lastWord === undefined ? 'lost' : 'exiting'
    } finally {
      this.#end.abort()
      signal.removeEventListener('abort', onAbort)
      await Promise.all([this.#helper.close(), watching])
    }
  }

  /** @returns whether a plugin was ever connected */
  async #relayWhileItLasts(): Promise<boolean> {
    const { dialMs, returnMs } = this.limits
    let ports = await PluginPorts.dial(this.options, dialMs, this.#end.signal)
    const hasMet = ports !== undefined
    while (ports !== undefined) {
      await this.#relayOne(ports)
      if (this.#silences > 0) await this.#pause(STAY_AWAY_MS)
      if (this.#end.signal.aborted) break
      ports = await PluginPorts.dial(this.options, returnMs, this.#end.signal)
    }
    return hasMet
  }

  async #relayOne(ports: PluginPorts): Promise<void> {
    const hangUp = () => ports.hangUp()
    this.#end.signal.addEventListener('abort', hangUp)
    if (this.#end.signal.aborted) hangUp()
    const { silentMs } = this.limits
    const silence = setTimeout(
      () => {
        this.#silences += 1
        hangUp()
      },
      silentMs[Math.min(this.#silences, silentMs.length - 1)],
    )
    this.#relay = new Relay({
      ports,
      numbers: this.options,
      helper: this.#helper,
      holdMs: this.limits.holdMs,
      readToken: () => readPluginFile(this.options.home)?.token,
      onHeard: () => {
        clearTimeout(silence)
        this.#silences = 0
      },
      onCatalog: (catalog) => (this.#catalog = catalog),
      onExiting: (text) => {
        this.#lastWord = text
        // Hangs up both sockets in this very turn; run() then sees to it that the helper hears it.
        this.#end.abort()
      },
      onLeaving: () => this.#end.abort(),
    })
    await ports.lost
    clearTimeout(silence)
    this.#relay.close()
    this.#relay = undefined
    this.#end.signal.removeEventListener('abort', hangUp)
  }

  async #watchLightroom(): Promise<void> {
    const { lightroomPid } = this.options
    const { signal } = this.#end
    while (lightroomPid !== undefined && !signal.aborted) {
      if (!isAlive(lightroomPid)) this.#end.abort()
      await this.#pause(PID_LOOK_MS)
    }
  }

  /** Ends at once when the bridge does. */
  async #pause(ms: number): Promise<void> {
    await wait(ms, undefined, { signal: this.#end.signal }).catch((error: unknown) => {
      if (systemCode(error) !== 'ABORT_ERR') throw error
    })
  }
}

function requirePluginFile(home: string): void {
  if (readPluginFile(home) !== undefined) return
  throw new SafelightError('CONFIG_INVALID', {
    message: `There is no plugin.json in ${home}, so Lightroom and Safelight cannot trust each other.`,
    remedy: 'Run "safelight plugin install" and restart Lightroom.',
  })
}

async function claimPorts(claim: string): Promise<{ release(): void } | undefined> {
  try {
    return await claimHome(claim, 'bridge', Date.now())
  } catch (error) {
    if (error instanceof SafelightError && error.code === 'HOME_IN_USE') return undefined
    throw error
  }
}
