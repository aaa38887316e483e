// That the choice between several files at once and one at a time reaches the workers: seen by which of them make files on a drive that spins.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { paceKey, rememberedPace, rememberPace, TRIAL, type Pace } from '../../helper/engine/pace.js'
import type { Volumes } from '../../helper/files/volumes.js'
import { Journal } from '../../helper/journal/journal.js'
import { backup, foldersAsDisks } from '../support/daemon.js'
import { FaultSet } from '../support/faults.js'
import { freshFolder, makeTree } from '../support/shoots.js'

const FILES = 6

/** As long as a trial asks of its files, and so many of them that it is worth it. */
const LARGE_BYTES = 8 * 1024 * 1024
const MANY = 64

describe('on a drive that spins, files are copied', () => {
  let root: string
  const at = (name: string): string => path.join(root, name)
  const key = paceKey(['serial of card'], ['serial of drive'])

  beforeEach(() => {
    root = freshFolder({ inMemory: true })
    fs.mkdirSync(at('drive'))
    fs.mkdirSync(at('home'))
  })
  afterEach(() => fs.rmSync(root, { recursive: true }))

  function spinning(): Volumes {
    const disks = foldersAsDisks(root)
    return { ...disks, describe: async (file) => ({ ...(await disks.describe(file)), isRotational: true }) }
  }

  function withJournal<T>(act: (journal: Journal) => T): T {
    const journal = Journal.open(at('home'))
    try {
      return act(journal)
    } finally {
      journal.close()
    }
  }

  /** @returns for each copy in the order in which they were begun: which worker made it, and how many were under way then, itself included */
  async function run(): Promise<{ worker: string; underWay: number }[]> {
    const trace = at('trace')
    const options = { home: at('home'), volumes: spinning(), faults: new FaultSet([], { trace }) }
    const result = await backup(options, [at('card')], [at('drive')])
    assert.equal(result.exitCode, 0, result.summary)
    let underWay = 0
    return fs
      .readFileSync(trace, 'utf8')
      .split('\n')
      .flatMap((line) => {
        const [, method, worker] = /^\d+ (create|link) .*-(\d+)-\d+-\d+\.tmp/.exec(line) ?? []
        if (method === 'link') underWay -= 1
        if (method !== 'create' || worker === undefined) return []
        underWay += 1
        return [{ worker, underWay }]
      })
  }

  const workersThatMade = (copies: readonly { worker: string }[]): number =>
    new Set(copies.map(({ worker }) => worker)).size

  async function runRemembering(pace: Pace): Promise<{ worker: string; underWay: number }[]> {
    // Above the size up to which files share a worker anyway.
    makeTree(at('card'), Object.fromEntries(Array.from({ length: FILES }, (_, n) => [`IMG_${n}.CR3`, 1_100_000 + n])))
    withJournal((journal) => rememberPace(journal, key, pace, Date.now()))
    return run()
  }

  it('one at a time where that was found to be faster', async () => {
    const copies = await runRemembering('one')
    assert.equal(copies.length, FILES)
    assert.ok(copies.every(({ underWay }) => underWay === 1))
    assert.equal(workersThatMade(copies), 1)
  })

  it('several at once where that was', async () => {
    const copies = await runRemembering('several')
    assert.equal(copies.length, FILES)
    assert.ok(workersThatMade(copies) > 1)
  })

  it('the first ones both ways where nothing is known yet, and what was faster is remembered', async function () {
    this.timeout(120_000)
    fs.mkdirSync(at('card'))
    // Holes: what is read costs nothing, what is written is as much as it says.
    for (let n = 0; n < MANY; n++) {
      fs.writeFileSync(at(`card/IMG_${n}.CR3`), '')
      fs.truncateSync(at(`card/IMG_${n}.CR3`), LARGE_BYTES)
    }
    const copies = await run()
    assert.equal(copies.length, MANY)
    assert.ok(workersThatMade(copies.slice(0, TRIAL.several)) > 1, 'several at once')
    const alone = copies.slice(TRIAL.several, TRIAL.several + TRIAL.one)
    assert.deepEqual(
      alone.map(({ underWay }) => underWay),
      Array.from({ length: TRIAL.one }, () => 1),
      'then one at a time',
    )
    const pace = withJournal((journal) => rememberedPace(journal, key, Date.now()))
    assert.ok(pace !== undefined, 'it is remembered')
    const rest = copies.slice(TRIAL.several + TRIAL.one)
    assert.equal(workersThatMade(rest) === 1, pace === 'one', `the rest as it was found: ${pace}`)
  })
})
