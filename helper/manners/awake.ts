// Keeps the computer from falling asleep by itself while photos are being copied, by the system's own tool, which gives the computer free again
// when this process ends, however it ends. Where there is no such tool nothing happens. A closed lid still means sleep.
import { execa } from 'execa'

export interface AwakeTool {
  readonly tool: string
  readonly args: readonly string[]
}

const WHY = 'photos are being copied'

/** Windows forgets the wish when the thread that had it ends, which it does when our end of its input is closed. */
const STAY_AWAKE = [
  `$power = Add-Type -PassThru -Name Power -Namespace Safelight -MemberDefinition '[DllImport("kernel32.dll")] public static extern uint SetThreadExecutionState(uint state);'`,
  '$null = $power::SetThreadExecutionState([uint32]"0x80000001")',
  '$null = [Console]::In.ReadToEnd()',
].join('\n')

/** What may be tried, one after the other until one is allowed. Each ends when its input is closed, or with the process of that id. */
export function awakeTools(platform: NodeJS.Platform, pid: number): readonly AwakeTool[] {
  if (platform === 'darwin') return [{ tool: 'caffeinate', args: ['-i', '-w', String(pid)] }]
  if (platform === 'win32')
    return [{ tool: 'powershell', args: ['-NoProfile', '-NonInteractive', '-Command', STAY_AWAKE] }]
  if (platform !== 'linux') return []
  // Some systems let only the user at the screen forbid sleep; idling may be forbidden by anybody.
  return ['idle:sleep', 'idle'].map((what) => ({
    tool: 'systemd-inhibit',
    args: [`--what=${what}`, '--mode=block', '--who=Safelight', `--why=${WHY}`, 'cat'],
  }))
}

/** Runs a tool until `stop` is called. @returns whether it was allowed to run until then */
export type HoldTool = (tool: AwakeTool) => { readonly ended: Promise<boolean>; readonly stop: () => void }

export interface AwakeOptions {
  readonly tools: readonly AwakeTool[]
  readonly hold?: HoldTool
  /** What is done sooner than this needs no tool: no computer falls asleep within it. */
  readonly afterMs?: number
}

const AFTER_MS = 20_000

export class Awake {
  readonly #options: Required<AwakeOptions>
  #running = 0
  #timer: NodeJS.Timeout | undefined
  #stop: (() => void) | undefined

  constructor({ tools, hold = holdTool, afterMs = AFTER_MS }: AwakeOptions) {
    this.#options = { tools, hold, afterMs }
  }

  /** The computer stays awake while this, or anything else that was begun so, is going on. */
  async during<T>(act: () => Promise<T>): Promise<T> {
    this.#running += 1
    if (this.#running === 1) this.#timer = setTimeout(() => void this.#hold(), this.#options.afterMs).unref()
    try {
      return await act()
    } finally {
      this.#running -= 1
      if (this.#running === 0) this.#release()
    }
  }

  async #hold(): Promise<void> {
    const wish = new AbortController()
    for (const tool of this.#options.tools) {
      const { ended, stop } = this.#options.hold(tool)
      this.#stop = () => {
        wish.abort()
        stop()
      }
      if ((await ended) || wish.signal.aborted) return
    }
    this.#stop = undefined
  }

  #release(): void {
    clearTimeout(this.#timer)
    this.#stop?.()
    this.#stop = undefined
  }
}

export function systemAwake(): Awake {
  return new Awake({ tools: awakeTools(process.platform, process.pid) })
}

function holdTool({ tool, args }: AwakeTool): ReturnType<HoldTool> {
  const child = execa(tool, args, { reject: false, stdin: 'pipe', stdout: 'ignore', stderr: 'ignore' })
  return {
    ended: child.then(({ exitCode }) => exitCode === 0),
    stop: () => {
      child.stdin.end()
      child.kill()
    },
  }
}
