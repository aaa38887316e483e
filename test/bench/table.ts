// What the bench prints: the machine by name, and one markdown table with target and measured side by side. A row that misses its target
// says so; a row that was not measured says why.
import { cpus, loadavg, release, totalmem } from 'node:os'
import { readFileSync } from 'node:fs'
import { execaSync } from 'execa'

export interface TableRow {
  readonly work: string
  readonly target: string
  readonly measured: string
  /** Left out where there is nothing to reach. */
  readonly isMet?: boolean
}

export function printTable(rows: readonly TableRow[]): string {
  const lines = rows.map(
    ({ work, target, measured, isMet }) =>
      `| ${work} | ${target} | ${measured} | ${isMet === undefined ? '' : isMet ? 'yes' : '**no**'} |`,
  )
  return ['| work | target | measured | met |', '|---|---|---|---|', ...lines].join('\n')
}

/** @param folder  whose disk is named */
export function describeMachine(folder: string): string {
  const [cpu] = cpus()
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`
  const disk = firstLine('findmnt', ['-no', 'SOURCE,FSTYPE', '-T', folder])
  const load = loadavg()[0]?.toFixed(1) ?? '?'
  const flags = process.platform === 'linux' && /avx512f/.test(readFileSync('/proc/cpuinfo', 'utf8')) ? ', AVX-512' : ''
  return `${cpu?.model.trim() ?? 'unknown processor'} (${cpus().length} cores${flags}), ${memory} of memory, ${disk}, ${process.platform} ${release()}, Node ${process.versions.node}; load when it began: ${load}`
}

function firstLine(command: string, args: readonly string[]): string {
  const { stdout } = execaSync(command, args, { reject: false })
  return (typeof stdout === 'string' ? stdout : '').split('\n', 1)[0]?.replaceAll(/\s+/g, ' ').trim() ?? 'unknown disk'
}
