// Two hundred imports, each with mishaps drawn from its seed: killed helpers, killed bridges, a Lightroom that crashes, a drive that is away.
// Whatever happened, every file is found verified on the drive. `SEED=n` runs one of them alone, `RUNS=n` another number.
import assert from 'node:assert/strict'
import fs from 'fs-extra'
import { Journey, killIfThere } from './journey.js'

const RUNS = Number(process.env['RUNS'] ?? 200)
const AT_ONCE = 3

type Mishap = 'helper killed' | 'bridge killed' | 'Lightroom killed' | 'drive away' | 'helper stopped'
const MISHAPS: readonly Mishap[] = [
  'helper killed',
  'bridge killed',
  'Lightroom killed',
  'drive away',
  'helper stopped',
]

/** mulberry32: small, seeded, good enough to draw mishaps. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

async function runOne(seed: number): Promise<readonly Mishap[]> {
  const random = randomFrom(seed)
  const journey = await Journey.prepare()
  const away = `${journey.drive} (unplugged)`
  const mishaps = Array.from(
    { length: 1 + Math.floor(random() * 3) },
    () => MISHAPS[Math.floor(random() * MISHAPS.length)] ?? 'helper killed',
  )
  try {
    await journey.startLightroom()
    const raws = journey.shoot('Shoot', 20 + Math.floor(random() * 40))
    let imported = 0
    for (const mishap of mishaps) {
      const next = Math.min(raws.length, imported + Math.ceil(random() * 25))
      journey.host.import(raws.slice(imported, next))
      imported = next
      await journey.host.pass(random() * 40)
      await suffer(journey, mishap, raws.slice(0, imported), away)
    }
    if (imported < raws.length) journey.host.import(raws.slice(imported))
    if (fs.existsSync(away)) fs.renameSync(away, journey.drive)
    await journey.until('every photo verified on the drive', () => journey.isVerified('Shoot'))
    await journey.host.quit()
    journey.assertOnDrive('Shoot')
    const faults = journey.host.faults.filter((fault) => fault.rule !== 0)
    assert.deepEqual(faults, [])
    return mishaps
  } finally {
    await journey.end()
  }
}

async function suffer(journey: Journey, mishap: Mishap, imported: readonly string[], away: string): Promise<void> {
  switch (mishap) {
    case 'helper killed': {
      const pid = journey.helperPid()
      if (pid !== undefined) killIfThere(pid)
      return
    }
    case 'bridge killed':
      for (const pid of await journey.bridgePids()) killIfThere(pid)
      return
    case 'Lightroom killed':
      journey.host.kill()
      await journey.startLightroom()
      journey.host.import([...imported])
      return
    case 'drive away':
      if (fs.existsSync(journey.drive)) fs.renameSync(journey.drive, away)
      else if (fs.existsSync(away)) fs.renameSync(away, journey.drive)
      return
    case 'helper stopped':
      await journey.safelight('stop')
      // Somebody who stops it by hand starts it again by hand.
      await journey.safelight('start')
  }
}

describe('imports with mishaps', () => {
  const first = Number(process.env['SEED'] ?? 1)
  const runs = process.env['SEED'] === undefined ? RUNS : 1

  it(`${runs} seeded runs lose no file`, async () => {
    const seeds = Array.from({ length: runs }, (_, index) => first + index)
    const failures: string[] = []
    let done = 0
    const worker = async (): Promise<void> => {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
        try {
          await runOne(seed)
          done += 1
          if (done % 10 === 0) console.log(`      ${done} runs done`)
        } catch (error) {
          failures.push(`SEED=${seed}: ${error instanceof Error ? error.message : String(error)}`)
          // At once: two hundred runs take long, and may be broken off.
          console.log(`      ${failures.at(-1) ?? ''}`)
        }
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    console.log(`      seeds ${first} to ${first + runs - 1}: ${runs} runs, ${failures.length} failed`)
    assert.deepEqual(failures, [])
  })
})
