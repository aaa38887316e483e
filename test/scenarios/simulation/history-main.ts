// Lives through histories of many seeds, one after the other, and says how each ended: a JSON line per history, until all are told or the
// time is up. `FROM TO STEP FOLDER MINUTES`: every STEP-th seed from FROM below TO.
import fs from 'node:fs'
import path from 'node:path'
import { Store } from './cloud.js'
import { History, type Told } from './history.js'

export type Line = { readonly seed: number } & ({ readonly told: Told } | { readonly failed: string })

const [from = 1, to = 1, step = 1] = process.argv.slice(2, 5).map(Number)
const [folder = '', minutes = '1'] = process.argv.slice(5)
const endsAt = performance.now() + Number(minutes) * 60_000
const store = await Store.open()

for (let seed = from; seed < to && performance.now() < endsAt; seed += step) {
  const at = path.join(folder, `history-${seed}`)
  fs.mkdirSync(at)
  let line: Line
  try {
    line = { seed, told: await History.live(seed, at, store) }
  } catch (error) {
    line = { seed, failed: error instanceof Error ? error.message : String(error) }
  }
  fs.rmSync(at, { recursive: true, force: true })
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
await store.close()
