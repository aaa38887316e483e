import fs from 'node:fs'
import path from 'node:path'
import { freshFolder } from '../../support/shoots.js'
import { Store } from './cloud.js'
import { History } from './history.js'

describe('a photographer’s year in little', () => {
  let store: Store
  before(async () => {
    store = await Store.open()
  })
  after(() => store.close())

  // Thousands more: simulation.long.test.ts.
  for (const seed of [1, 5, 10, 23])
    it(`keeps every promise after every step, and comes right by itself (seed ${seed})`, async function () {
      this.timeout(120_000)
      const folder = freshFolder({ inMemory: true })
      const at = path.join(folder, 'history')
      fs.mkdirSync(at)
      await History.live(seed, at, store)
      fs.rmSync(folder, { recursive: true })
    })
})
