// The section "journal" of the bench: what the everyday questions cost when the journal holds a million files, made by a generator. Measured
// through the real daemon in this process, and at the real helper for memory and idle load.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Daemon } from '../../helper/daemon.js'
import { readEndpoint } from '../../helper/service/endpoint.js'
import type { MethodName, Params, Result } from '../../shared/methods.js'
import { foldersAsDisks } from '../support/daemon.js'
import { makeLargeJournal } from '../support/large-journal.js'
import { MAIN } from '../support/safelight.js'
import { makeTree } from '../support/shoots.js'
import type { TableRow } from './table.js'

const IDLE_SECONDS = 20

export async function benchJournal(folder: string, files: number, rounds: number): Promise<TableRow[]> {
  const root = path.join(folder, 'journal')
  const home = path.join(root, 'home')
  const nowMs = Date.now()
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const made = await costOf(() => {
    makeLargeJournal(home, { files, nowMs })
    return Promise.resolve()
  })
  const daemon = await Daemon.open({ home, command: 'bench', volumes: foldersAsDisks(root) })
  const ask = <M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> => {
    const run = daemon.handlers[method] as ((params: Params<M>, context: unknown) => Promise<Result<M>>) | undefined
    if (!run) throw new Error(`there is no ${method}`)
    return run(params, {
      signal: new AbortController().signal,
      client: { kind: 'cli', version: 'bench' },
      progress: () => undefined,
    })
  }
  const rows: TableRow[] = []
  const row = (work: string, target: string, measured: string): void =>
    void rows.push({ work: `${files} files: ${work}`, target, measured })
  try {
    row('the journal is made (for the bench)', '', `${(made.wallMs / 1000).toFixed(1)} s`)
    row('first status after everything changed', '', inMs([await costOf(() => ask('status/get', {}))]))
    row('status', '≤ 100 ms', inMs(await repeated(rounds, () => ask('status/get', {}))))
    row(
      'first paint of the page: status and the first fifty shoots',
      '≤ 300 ms',
      inMs(
        await repeated(rounds, () =>
          Promise.all([ask('status/get', {}), ask('shoots/list', { offset: 0, limit: 50 })]),
        ),
      ),
    )
    row('list of shoots', '≤ 100 ms', inMs(await repeated(rounds, () => ask('shoots/list', {}))))
    row(
      'search by a file’s name',
      '',
      inMs(await repeated(rounds, () => ask('shoots/list', { search: 'IMG_0000777' }))),
    )
    const drive = path.join(root, 'Drive N')
    mkdirSync(drive)
    let shoot = 0
    const backUpNew = (): Promise<unknown> => {
      shoot += 1
      const source = path.join(root, 'card', `New ${shoot}`)
      makeTree(source, { 'NEW_1.JPG': 200 })
      return ask('backup/run', { paths: [source], to: [drive] })
    }
    row(
      'one new shoot of one file: planned, copied, sealed',
      '≤ 200 ms for the plan',
      inMs(await repeated(rounds, backUpNew)),
    )
    row('status right after it', '≤ 100 ms', inMs([await costOf(() => ask('status/get', {}))]))
  } finally {
    daemon.close()
  }
  rows.push(...(await helperAtRest(home, files)))
  return rows
}

/** Memory and load of the real helper when it has answered a status and nobody asks it for anything. */
async function helperAtRest(home: string, files: number): Promise<TableRow[]> {
  if (process.platform !== 'linux') return []
  const helper = spawn(process.execPath, [MAIN, 'serve', '--home', home], { stdio: 'ignore' })
  try {
    while (readEndpoint(home)?.pid !== helper.pid) await wait(50)
    const asked = spawn(process.execPath, [MAIN, 'status', '--json', '--home', home], { stdio: 'ignore' })
    await new Promise((resolve) => asked.once('close', resolve))
    await wait(2000)
    const before = ticksOf(helper)
    await wait(IDLE_SECONDS * 1000)
    const share = ((ticksOf(helper) - before) / TICKS_PER_SECOND / IDLE_SECONDS) * 100
    const status = readFileSync(`/proc/${String(helper.pid)}/status`, 'utf8')
    const inMb = (name: string): string =>
      `${Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024)} MB`
    return [
      {
        work: `${files} files: memory of the helper`,
        target: '≤ 300 MB',
        measured: `${inMb('VmRSS')} (peak ${inMb('VmHWM')})`,
      },
      {
        work: `${files} files: load of the helper at rest`,
        target: '≤ 1 % of a core',
        measured: `${share.toFixed(2)} %`,
      },
    ]
  } finally {
    helper.kill()
    await new Promise((resolve) => helper.once('close', resolve))
  }
}

/** Linux counts a process's time in hundredths of a second everywhere that Node runs. */
const TICKS_PER_SECOND = 100

function ticksOf({ pid }: ChildProcess): number {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

/** What something took: by the clock on the wall, and of the processor, which stays the same when others use the machine too. */
interface Cost {
  readonly wallMs: number
  readonly processorMs: number
}

async function costOf(act: () => Promise<unknown>): Promise<Cost> {
  const [beganMs, before] = [performance.now(), process.cpuUsage()]
  await act()
  const { user, system } = process.cpuUsage(before)
  return { wallMs: performance.now() - beganMs, processorMs: (user + system) / 1000 }
}

async function repeated(rounds: number, act: () => Promise<unknown>): Promise<Cost[]> {
  const all: Cost[] = []
  for (let round = 0; round < rounds; round++) all.push(await costOf(act))
  return all
}

function inMs(all: readonly Cost[]): string {
  const spread = (times: readonly number[]): string => {
    const sorted = [...times].sort((a, b) => a - b).map((ms) => Math.round(ms))
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0
    return sorted.length === 1 ? `${median} ms` : `${median} ms (${sorted[0] ?? 0}–${sorted.at(-1) ?? 0})`
  }
  return `${spread(all.map(({ wallMs }) => wallMs))}; processor ${spread(all.map(({ processorMs }) => processorMs))}`
}
