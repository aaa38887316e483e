import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import type { CopyJob, CopyOutcome, Target } from '../../helper/engine/jobs.js'
import { WorkerPool } from '../../helper/engine/pool.js'
import { systemFiles } from '../../helper/files/durable.js'
import { hashBytes, chooseHashEngine } from '../../helper/files/hash.js'
import { MARKER_FILE, markerIdentity, ROOT_FOLDER } from '../../helper/place/marker.js'
import { freshFolder } from '../support/shoots.js'

/** More than two workers hold in two batches each. */
const FILES = 1300

describe('copy workers', () => {
  let folder: string
  let pool: WorkerPool

  beforeEach(() => {
    folder = freshFolder()
    pool = new WorkerPool({ temporaryTag: 'pool-test', workers: 2 })
  })
  afterEach(async () => {
    await pool.close()
    fs.rmSync(folder, { recursive: true, force: true })
  })

  function drive(name: string): Omit<Target, 'name'> {
    const root = path.join(folder, name, ROOT_FOLDER)
    fs.mkdirSync(root, { recursive: true })
    fs.writeFileSync(path.join(root, MARKER_FILE), JSON.stringify({ id: name }))
    const marker = markerIdentity(systemFiles, path.join(folder, name))
    return { place: name, root, marker, folder: path.join(root, 'Photos', 'Shoot') }
  }

  function jobFor(index: number, targets: readonly Omit<Target, 'name'>[]): { job: CopyJob; bytes: Buffer } {
    const name = `IMG_${index}.xmp`
    const from = path.join(folder, name)
    const bytes = randomBytes(1 + (index % 5000))
    fs.writeFileSync(from, bytes)
    const expected = systemFiles.stat(from)
    assert.ok(expected)
    return { job: { kind: 'copy', from, expected, targets: targets.map((target) => ({ ...target, name })) }, bytes }
  }

  it('give every outcome to whoever asked for it, and every file to every drive', async () => {
    const drives = [drive('A'), drive('B')]
    const all = Array.from({ length: FILES }, (_, index) => jobFor(index, drives))
    pool.warmUp(FILES)
    const outcomes = await Promise.all(all.map(({ job }) => pool.run(job)))
    outcomes.forEach((outcome, index) => {
      const { job, bytes } = all[index]!
      const hash = hashBytes(chooseHashEngine(), bytes)
      assert.deepEqual(whatCame(outcome), { source: hash, targets: [hash, hash] })
      for (const target of job.targets) assert.deepEqual(fs.readFileSync(path.join(target.folder, target.name)), bytes)
    })
    for (const each of drives) assert.equal(fs.readdirSync(each.folder).length, FILES)
  })

  it('end what is under way when they are stopped, and leave no half of a file', async () => {
    const target = drive('A')
    const all = Array.from({ length: FILES }, (_, index) => jobFor(index, [target]))
    const asked = all.map(({ job }) => pool.run(job))
    await asked[0]
    pool.stop()
    const outcomes = await Promise.all(asked)
    outcomes.forEach((outcome, index) => {
      const { job, bytes } = all[index]!
      const final = path.join(target.folder, job.targets[0]!.name)
      const isThere = outcome.targets[0]?.result.kind === 'copied'
      assert.equal(fs.existsSync(final), isThere)
      if (isThere) assert.deepEqual(fs.readFileSync(final), bytes)
    })
    assert.deepEqual(
      fs.readdirSync(target.folder).filter((name) => name.endsWith('.tmp')),
      [],
    )
  })
})

function whatCame({ source, targets }: CopyOutcome): unknown {
  return {
    source: 'hash' in source ? source.hash : source.failure,
    targets: targets.map(({ result }) => (result.kind === 'copied' ? result.readBack : result)),
  }
}
