// What was fetched to the home and lies on the target's own file system gets a second name there instead of being copied; it is read back like
// any copy, and where that does not work it is copied.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import type { CopyOutcome } from '../../helper/engine/jobs.js'
import { WorkerPool } from '../../helper/engine/pool.js'
import { chooseHashEngine, hashBytes } from '../../helper/files/hash.js'
import { systemFiles, type DurableFiles } from '../../helper/files/durable.js'
import { freshFolder } from '../support/shoots.js'

describe('a file that may be linked', () => {
  const bytes = Buffer.alloc(3_000_001, 'raw')
  let folder: string
  let from: string
  let to: string

  beforeEach(() => {
    folder = freshFolder()
    from = path.join(folder, 'fetched')
    to = path.join(folder, 'target')
    fs.writeFileSync(from, bytes)
    fs.mkdirSync(to)
  })
  afterEach(() => fs.rmSync(folder, { recursive: true }))

  function bring(
    files: DurableFiles = systemFiles,
    mustHash = hashBytes(chooseHashEngine(), bytes),
  ): Promise<CopyOutcome> {
    const { ino, dev } = fs.statSync(to)
    const pool = new WorkerPool({ temporaryTag: 'test', inThisThread: files })
    return pool.run({
      kind: 'copy',
      from,
      expected: { sizeBytes: bytes.length, mtimeMs: 0, ctimeMs: 0, inode: 0, device: 0 },
      targets: [
        {
          place: 'restore',
          root: to,
          marker: `${dev}:${ino}`,
          rootIsFolder: true,
          folder: path.join(to, 'Shoot'),
          name: 'a.CR3',
        },
      ],
      mustHash,
      mayBeLinked: true,
      mtimeMs: 1_600_000_000_000,
    })
  }
  const final = (): string => path.join(to, 'Shoot', 'a.CR3')

  it('is one and the same, with its own date, read back from the device', async () => {
    const { targets } = await bring()
    assert.equal(targets[0]?.result.kind, 'copied')
    assert.equal(fs.statSync(final()).ino, fs.statSync(from).ino)
    assert.equal(fs.statSync(final()).mtimeMs, 1_600_000_000_000)
    assert.deepEqual(fs.readdirSync(path.dirname(final())), ['a.CR3'])
  })

  it('is copied where the file system has no second names', async () => {
    const links: string[] = []
    const link = (one: string): never => {
      links.push(one)
      throw Object.assign(new Error('EPERM'), { code: 'EPERM' })
    }
    const { targets } = await bring({ ...systemFiles, link })
    assert.equal(links[0], from)
    assert.equal(targets[0]?.result.kind, 'copied')
    assert.notEqual(fs.statSync(final()).ino, fs.statSync(from).ino)
    assert.ok(fs.readFileSync(final()).equals(bytes))
  })

  it('is not put there when it reads otherwise than was fetched', async () => {
    const { targets } = await bring(systemFiles, hashBytes(chooseHashEngine(), Buffer.from('other')))
    const result = targets[0]?.result
    assert.equal(result?.kind === 'failed' && result.failure.kind, 'differs-after-write')
    assert.deepEqual(fs.readdirSync(path.dirname(final())), [])
    assert.ok(fs.readFileSync(from).equals(bytes))
  })

  it('leaves alone what lies there already', async () => {
    fs.mkdirSync(path.dirname(final()))
    fs.writeFileSync(final(), 'mine')
    const { targets } = await bring()
    const result = targets[0]?.result
    assert.equal(result?.kind === 'failed' && result.failure.kind, 'name-taken')
    assert.equal(fs.readFileSync(final(), 'utf8'), 'mine')
  })
})
