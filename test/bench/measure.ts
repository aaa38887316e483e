// Runs commands as a benchmark sees them: wall-clock seconds, the processor seconds of the command and of everything it started, and for
// Safelight itself the peak of memory. Commands are shell words, so that peers are called as anybody would call them; they run inside the
// bench's own folder and name only what the bench made there.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { execaSync } from 'execa'

export interface Run {
  readonly seconds: number
  /** User and system time of the command and its children. */
  readonly cpuSeconds: number
  /** Resident at the most, of Safelight's process; 0 where it did not run. */
  readonly peakMb: number
}

/** The built program, started by Node directly: what `safelight` hands over to once it has seen that the build is fresh. */
const PROGRAM = path.join(import.meta.dirname, '../../helper/main.js')

/** Runs the parts one after the other and adds up their times; what is between the parts does not count.
 *  @throws when a command fails: a row measured on a failed run would be a lie */
export function measure(folder: string, parts: readonly string[], between = ':'): Run {
  let total: Run = { seconds: 0, cpuSeconds: 0, peakMb: 0 }
  parts.forEach((part, index) => {
    if (index > 0) aside(folder, between)
    const run = measureOne(folder, part)
    total = {
      seconds: total.seconds + run.seconds,
      cpuSeconds: total.cpuSeconds + run.cpuSeconds,
      peakMb: Math.max(total.peakMb, run.peakMb),
    }
  })
  return total
}

function measureOne(folder: string, part: string): Run {
  const peak = path.join(folder, 'peak')
  writeFileSync(peak, '0')
  const times = path.join(folder, 'times')
  shell(folder, `TIMEFORMAT='%R %U %S'; { time { ${part}; } 2>&3; } 3>&2 2>times`)
  const [seconds = 0, user = 0, system = 0] = readFileSync(times, 'utf8').trim().split(/\s+/).slice(-3).map(Number)
  return { seconds, cpuSeconds: user + system, peakMb: Number(readFileSync(peak, 'utf8')) / 1024 }
}

/** Runs shell words whose time does not count. */
export function aside(folder: string, script: string): void {
  shell(folder, script)
}

function shell(folder: string, script: string): void {
  const hook = path.join(folder, 'peak.mjs')
  writeFileSync(
    hook,
    "import { writeFileSync } from 'node:fs'\nprocess.on('exit', () => writeFileSync(process.env.BENCH_PEAK, String(process.resourceUsage().maxRSS)))\n",
  )
  const define = 'safelight() { "$BENCH_NODE" --import "$BENCH_HOOK" "$BENCH_PROGRAM" "$@"; }'
  execaSync('bash', ['-c', `set -eu\n${define}\n${script}`], {
    cwd: folder,
    stdout: 'ignore',
    maxBuffer: 1e8,
    env: {
      BENCH_NODE: process.execPath,
      BENCH_HOOK: pathToFileURL(hook).href,
      BENCH_PROGRAM: PROGRAM,
      BENCH_PEAK: path.join(folder, 'peak'),
    },
  })
}

/** Whether the machine's whole page cache, names and attributes included, can be dropped: only root may. */
export const CAN_DROP_ALL = process.platform === 'linux' && process.getuid?.() === 0

/** Shell words that write everything back and then drop what the page cache holds of the bytes below these folders, and nothing else. */
export function drop(...folders: string[]): string {
  const each = isInstalled('python3')
    ? `python3 -c '${FORGET}' ${folders.join(' ')}`
    : `find ${folders.join(' ')} -type f -exec sh -c 'for f; do dd of="$f" oflag=nocache conv=notrunc,fdatasync count=0 status=none; done' sh {} +`
  return `sync -f . && ${each}`
}

/** What `dd oflag=nocache` does, without a process for each of twenty thousand files. */
const FORGET =
  'import os,sys\nfor top in sys.argv[1:]:\n for at,_,names in os.walk(top):\n  for name in names:\n   f=os.open(os.path.join(at,name),os.O_RDONLY); os.posix_fadvise(f,0,0,os.POSIX_FADV_DONTNEED); os.close(f)'

export function isInstalled(program: string): boolean {
  return execaSync('which', [program], { reject: false }).exitCode === 0
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
  const high = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  return (low + high) / 2
}
