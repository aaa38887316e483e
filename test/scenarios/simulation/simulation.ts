// Many histories at once, one process for each core.
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Line } from './history-main.js'

const PROGRAM = fileURLToPath(new URL('./history-main.js', import.meta.url))

/** Histories of `count` seeds from `seed` on, as many as there is time for. @returns how each of them ended */
export async function liveThrough(seed: number, count: number, folder: string, minutes: number): Promise<Line[]> {
  // A history waits for a third of its time: for the store, for what the engine gathers.
  const processes = Math.ceil(availableParallelism() * 1.5)
  const lines = await Promise.all(
    Array.from({ length: processes }, (_, index) =>
      runOne([seed + index, seed + count, processes, folder, minutes].map(String)),
    ),
  )
  return lines.flat().sort((a, b) => a.seed - b.seed)
}

async function runOne(args: readonly string[]): Promise<Line[]> {
  const child = spawn(process.execPath, ['--enable-source-maps', PROGRAM, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const lines: Line[] = []
  for await (const line of createInterface({ input: child.stdout })) lines.push(JSON.parse(line) as Line)
  const code = await ended
  if (code !== 0) throw new Error(`a simulation ended with ${String(code)} after seed ${String(lines.at(-1)?.seed)}`)
  return lines
}
