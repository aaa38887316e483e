// Looks at the status every few seconds, with nobody asking, and tells what is to be told: on the desktop, on every open page, by webhook, mail
// and heartbeat; leaves the status page on the drives; notes the clock, so that one that is set back and a silence are noticed. Looks closer
// only when something has changed or a minute has passed, and spends at most a twentieth of the time on it.
import os from 'node:os'
import { setImmediate as turn } from 'node:timers/promises'
import type { Config } from '../config.js'
import { describeError } from '../errors.js'
import { refreshGroups } from '../journal/health-groups.js'
import { getMeta, setMeta } from '../journal/meta.js'
import { listPlaces } from '../journal/places.js'
import { latestClock, noteClock } from '../journal/rehearsals.js'
import { number } from '../journal/rows.js'
import { stateOfPlace } from '../place/places.js'
import type { Notice, Notifications, StatusResult } from '../../shared/methods.js'
import { leavePages } from './leave-page.js'
import { recentTold, untold, withTold, type Told } from './notify.js'
import { hasDesktop, tellDesktop } from './notify-desktop.js'
import { tellByMail } from './notify-mail.js'
import { post } from './notify-web.js'
import type { StatusDeps } from './place-report.js'
import { CLOCK_TOLERANCE_MS, DAY_MS } from './policy.js'

export interface WatchDeps extends StatusDeps {
  readonly home: string
  /** Resolves when it is known which drives answer; the others are not waited for. */
  readonly drivesAnswer?: () => Promise<void>
  readonly status: () => StatusResult
  readonly config: () => Config['notify']
  /** To every page that is open. */
  readonly broadcast: <K extends 'status/notice' | 'status/changed'>(kind: K, message: Notifications[K]) => void
  readonly onFault: (error: unknown, what: string) => void
  /** Told each status that was looked at. */
  readonly onStatus?: (status: StatusResult) => void
  /** Whether nobody wants to be disturbed now. */
  readonly isQuiet?: () => boolean
  readonly tellDesktop?: (notice: Notice) => Promise<void>
}

export interface WatchTimes {
  /** Between two looks whether anything has changed. */
  readonly lookMs: number
  /** Between two closer looks although nothing has. */
  readonly closerMs: number
  /** Between two editions of the page on a drive while work goes on. */
  readonly pageMs: number
}

export const WATCH_TIMES: WatchTimes = { lookMs: 3000, closerMs: 60_000, pageMs: 60_000 }

/** Looking closer may take this part of the time. */
const SHARE = 20

const SLICE_MS = 50

const TOLD = 'told'

export class StatusWatch {
  readonly #deps: WatchDeps
  readonly #times: WatchTimes
  readonly #machine = os.hostname()
  /** How long nobody was at work before this helper started. */
  readonly silentMs: number
  readonly #startedMs: number
  #timer: NodeJS.Timeout | undefined
  #work: Promise<void> | undefined
  #seen = ''
  #nextMs = 0
  #nextPageMs = 0
  #nextBeatMs = 0
  #lastShown = ''
  readonly #faults = new Set<string>()

  constructor(deps: WatchDeps, times: WatchTimes = WATCH_TIMES) {
    this.#deps = deps
    this.#times = times
    this.#startedMs = deps.clock()
    this.silentMs = Math.max(0, this.#startedMs - (latestClock(deps.journal) ?? this.#startedMs))
  }

  /** A silence is said for a day. */
  silentNow(): number {
    return this.#deps.clock() - this.#startedMs < DAY_MS ? this.silentMs : 0
  }

  start(): void {
    this.#timer = setInterval(() => this.#begin(), this.#times.lookMs)
    this.#begin()
  }

  /** Resolves when what was begun is done. */
  async idle(): Promise<void> {
    await this.#work
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#work
  }

  #begin(): void {
    if (this.#work) return
    this.#work = this.#look()
      .catch((error: unknown) => this.#fault(error, 'watching the status'))
      .finally(() => (this.#work = undefined))
  }

  async #look(): Promise<void> {
    await this.#deps.drivesAnswer?.()
    const begun = performance.now()
    const seen = this.#fingerprint()
    const isChanged = seen !== this.#seen
    const isDue = begun >= this.#nextMs
    if (!isDue && !isChanged) return this.#beat()
    // While much changes, what has changed is looked at when the time that the last look took has been earned again.
    if (isChanged && begun < this.#nextMs - this.#times.closerMs) return
    // What was never counted (a new journal, a migration) is counted in slices, so that nobody waits for all of it.
    while (refreshGroups(this.#deps.journal, SLICE_MS)) await turn()
    noteClock(this.#deps.journal, this.#deps.clock(), CLOCK_TOLERANCE_MS)
    const status = this.#deps.status()
    this.#seen = this.#fingerprint()
    const tookMs = performance.now() - begun
    this.#nextMs = performance.now() + this.#times.closerMs + tookMs * SHARE
    this.#show(status)
    this.#leavePages(status)
    this.#deps.onStatus?.(status)
    await this.#tell(status.notices ?? [])
    await this.#beat(status)
  }

  /** Cheap: how many rows were ever changed by this process, and which places are there. */
  #fingerprint(): string {
    const { journal, files } = this.#deps
    const changes = number(journal.get('SELECT total_changes() AS n') ?? { n: 0 }, 'n')
    return [changes, ...listPlaces(journal).map((place) => `${place.id} ${stateOfPlace(files, place)}`)].join('\n')
  }

  #show({ asOf, verdict, notices = [], shoots }: StatusResult): void {
    const shown = JSON.stringify([verdict, notices, shoots])
    if (shown === this.#lastShown) return
    this.#lastShown = shown
    this.#deps.broadcast('status/changed', { asOf, verdict })
  }

  #leavePages(status: StatusResult): void {
    if (performance.now() < this.#nextPageMs) return
    this.#nextPageMs = performance.now() + this.#times.pageMs
    for (const { message } of leavePages(this.#deps, status)) this.#fault(new Error(message), 'leaving the status page')
  }

  async #tell(notices: readonly Notice[]): Promise<void> {
    for (const [channel, tell] of this.#channels())
      for (const notice of untold(notices, channel, this.#told(), this.#deps.clock())) {
        let isTold = true
        try {
          await tell(notice)
          this.#faults.delete(channel)
        } catch (error) {
          isTold = false
          this.#fault(error, channel)
        }
        const nowMs = this.#deps.clock()
        const told = withTold(recentTold(this.#told(), nowMs), channel, notice, isTold, nowMs)
        setMeta(this.#deps.journal, TOLD, JSON.stringify(told))
      }
  }

  #told(): Told {
    return JSON.parse(getMeta(this.#deps.journal, TOLD) ?? '{}') as Told
  }

  #channels(): [string, (notice: Notice) => Promise<void>][] {
    const { home, broadcast, config, clock } = this.#deps
    const { desktop, webhook, mail } = config()
    const at = (): string => new Date(clock()).toISOString()
    const onDesktop = this.#deps.tellDesktop ?? (hasDesktop(process.platform, process.env) ? tellDesktop : undefined)
    const machine = this.#machine
    const channels: [string, (notice: Notice) => Promise<void>][] = [
      [
        'page',
        (notice) => {
          broadcast('status/notice', { ...notice, at: at() })
          return Promise.resolve()
        },
      ],
    ]
    // What is not told stays to be told, and is when the quiet hours are over.
    if (this.#deps.isQuiet?.() === true) return channels
    if (desktop && onDesktop) channels.push(['desktop', (notice) => onDesktop(notice)])
    if (webhook !== undefined) channels.push(['webhook', (notice) => post(webhook, { ...notice, at: at(), machine })])
    if (mail) channels.push(['mail', (notice) => tellByMail(home, mail, notice, machine)])
    return channels
  }

  /** Says that this helper is at work. Whoever hears it notices when it stays away, as a computer without power cannot. */
  async #beat(status?: StatusResult): Promise<void> {
    const { heartbeat, heartbeatMinutes } = this.#deps.config()
    if (heartbeat === undefined || performance.now() < this.#nextBeatMs) return
    this.#nextBeatMs = performance.now() + heartbeatMinutes * 60_000
    const { asOf, verdict, summary } = status ?? this.#deps.status()
    try {
      await post(heartbeat, { at: asOf, machine: this.#machine, verdict, summary })
      this.#faults.delete('heartbeat')
    } catch (error) {
      this.#fault(error, 'heartbeat')
    }
  }

  /** A channel that fails says so once, not every minute. */
  #fault(error: unknown, what: string): void {
    const key = `${what} ${describeError(error)}`
    if (this.#faults.has(key) || this.#faults.has(what)) return
    this.#faults.add(key)
    this.#deps.onFault(error, what)
  }
}
