// A helper that is killed again and again while it sends large files, in this process: a kill freezes the home at one request, and nothing of
// the dead gets through any more. Whole processes are killed in kills.long.test.ts, more slowly.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { randomOf } from '../crash/power-loss/power-loss.js'
import { Store } from '../scenarios/simulation/cloud.js'
import { Engine } from '../scenarios/simulation/engine.js'
import { Surface } from '../scenarios/simulation/surface.js'
import { World } from '../scenarios/simulation/world.js'
import { freshFolder, makeFile } from '../support/shoots.js'
import { MIB } from '../support/s3/fixture.js'

const DEATHS = Number(process.env['DEATHS'] ?? 1000)
const SEED = Number(process.env['SEED'] ?? 1)
/** Files are 17 MiB, so that each is an upload of two parts: a home's worth of them, then another home. */
const DEATHS_OF_A_HOME = 20

describe('a helper that dies again and again while it sends', () => {
  let store: Store
  let died = 0
  let opened = 0

  before(async () => {
    store = await Store.open()
  })
  after(() => store.close())

  it(`${DEATHS} times leaves no upload open after the next sweep, and everything arrives`, async function () {
    this.timeout((DEATHS + 60) * 10_000)
    const draw = randomOf(SEED)
    for (let round = 0; round * DEATHS_OF_A_HOME < DEATHS; round++) await dieInOneHome(draw, round)
    console.log(`      ${died} deaths, ${opened} uploads open before the sweeps (SEED=${SEED})`)
    assert.ok(died > DEATHS / 2 && opened > 0, 'they did die, and in the middle')
  })

  async function dieInOneHome(draw: () => number, round: number): Promise<void> {
    const folder = freshFolder({ inMemory: true })
    const surface = new Surface(path.join(folder, 'home'))
    const world = new World(folder, surface, ['Drive A'], store)
    const engine = new Engine(world, undefined)
    const { cloud, library } = world
    world.clockMs = Date.now()
    try {
      await engine.ask('place/add', { path: world.drives[0]?.socket ?? '' })
      await engine.ask('place/add', { path: cloud.url, name: 'Cloud', bucket: cloud.request })
      for (let death = 0; death < DEATHS_OF_A_HOME; death++) {
        makeFile(path.join(library, `IMG_${death}.CR3`), 17 * MIB, round * DEATHS_OF_A_HOME + death + 1)
        cloud.killAt(1 + Math.floor(draw() * 12), () => {
          surface.kill()
          return true
        })
        await engine.ask('backup/run', { paths: [library], to: [] })
        cloud.calm()
        if (surface.isDead) {
          died += 1
          await engine.revive()
        }
      }
      opened += cloud.openUploads()
      const last = await engine.call('backup/run', { paths: [library], to: [] })
      assert.equal(last.exitCode, 0, last.summary)
      // Old enough that nobody can be working on what nobody knows.
      world.clockMs += 30 * 86_400_000
      await engine.lookAfterBucket()
      assert.equal(cloud.openUploads(), 0, 'no upload is open')
      const daemon = await engine.open()
      assert.deepEqual(daemon.journal.all('SELECT key FROM uploads'), [], 'nor does the journal think so')
    } finally {
      engine.close()
      cloud.close()
      fs.rmSync(folder, { recursive: true, force: true })
    }
  }
})
