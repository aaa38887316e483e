// What changes between two backups, on either side: nothing good is overwritten, nothing bad is taken for good, and everything is said.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { StatusResult } from '../../shared/methods.js'
import { ask, backup, named, verify } from '../support/safelight.js'
import { contentOf, scratch, TAKEN, write, type Scratch } from '../support/tree.js'

describe('a backup that is run again', () => {
  let here: Scratch
  let source: string
  let drive: string
  let copies: string
  beforeEach(() => {
    here = scratch()
    source = here.tree('Wedding', { 'IMG_1.CR3': null, 'IMG_1.xmp': 'first' })
    drive = here.folder('drive')
    copies = path.join(drive, 'Safelight/Photos/Wedding')
  })
  afterEach(() => here.remove())

  const versions = (): string[] => {
    const at = path.join(copies, 'Versions')
    if (!existsSync(at)) return []
    return readdirSync(at)
      .sort()
      .flatMap((stamp) =>
        readdirSync(path.join(at, stamp)).map((name) => readFileSync(path.join(at, stamp, name), 'utf8')),
      )
  }

  it('keeps every earlier content of a sidecar that changes and changes back', async () => {
    await backup(here.home, source, drive)
    const contents = ['second', 'third!', 'first', 'second']
    for (const [index, content] of contents.entries()) {
      write(path.join(source, 'IMG_1.xmp'), content, new Date(TAKEN.getTime() + (index + 1) * 60_000))
      const result = await backup(here.home, source, drive)
      assert.deepEqual([result.exitCode, result.filesCopied, result.findings], [0, 1, []])
      assert.equal(readFileSync(path.join(copies, 'IMG_1.xmp'), 'utf8'), content)
    }
    assert.deepEqual(versions(), ['first', 'second', 'third!', 'first'])
    const checked = await verify(here.home)
    assert.deepEqual([checked.exitCode, checked.checked, named(checked.findings)], [0, 6, []])
    assert.equal((await backup(here.home, source, drive)).bytesCopied, 0)
  })

  it('reports a raw whose bytes changed behind its size and date, and leaves the good copy alone', async () => {
    await backup(here.home, source, drive)
    const raw = path.join(source, 'IMG_1.CR3')
    const rotten = Buffer.from(contentOf('IMG_1.CR3'))
    rotten.writeUInt8(rotten.readUInt8(100) ^ 1, 100)
    write(raw, rotten)
    for (const run of ['first', 'second']) {
      const result = await backup(here.home, source, drive)
      assert.equal(result.exitCode, 11, run)
      assert.deepEqual(named(result.findings), ['damaged working Wedding/IMG_1.CR3'])
      assert.match(result.findings[0]?.message ?? '', /good content is safe at 1 other place/)
      assert.deepEqual(readFileSync(path.join(copies, 'IMG_1.CR3')), contentOf('IMG_1.CR3'))
    }
    assert.deepEqual(named((await verify(here.home, '--place', 'working')).findings), [
      'damaged working Wedding/IMG_1.CR3',
    ])
    const { notProtected } = await ask<StatusResult>(here.home, ['status'])
    assert.ok(notProtected[0]?.missing.includes('1 damaged among the originals'))
    write(raw, contentOf('IMG_1.CR3'))
    assert.deepEqual(
      named((await backup(here.home, source, drive)).findings),
      [],
      'and the original healed by hand is good again',
    )
  })

  it('takes a touched file for what it is: another date, the same bytes, nothing to copy', async () => {
    await backup(here.home, source, drive)
    utimesSync(path.join(source, 'IMG_1.CR3'), new Date(), new Date())
    const result = await backup(here.home, source, drive)
    assert.deepEqual([result.exitCode, result.bytesCopied, result.filesUnchanged], [0, 0, 2])
    assert.deepEqual(versions(), [])
  })

  it('never overwrites a file that somebody else put under a final name', async () => {
    here.tree('drive/Safelight/Photos/Wedding', { 'IMG_1.CR3': 'a stranger' })
    const result = await backup(here.home, source, drive)
    assert.equal(result.exitCode, 0)
    assert.deepEqual(readFileSync(path.join(copies, 'IMG_1.CR3')), contentOf('IMG_1.CR3'))
    assert.deepEqual(versions(), ['a stranger'])
    assert.ok(
      result.warnings.some((warning) => /IMG_1\.CR3/.test(warning) && /Versions/.test(warning)),
      `what was set aside is said: ${result.warnings.join('; ')}`,
    )
  })

  it('adopts copies made by hand instead of sending them again', async () => {
    here.tree('drive/Safelight/Photos/Wedding', { 'IMG_1.CR3': null, 'IMG_1.xmp': 'first' })
    const result = await backup(here.home, source, drive)
    assert.deepEqual([result.exitCode, result.filesCopied, result.filesAdopted, result.bytesCopied], [0, 0, 2, 0])
    assert.deepEqual(named((await verify(here.home)).findings), [])
  })

  it('makes a copy again that was deleted on the drive, and says so', async () => {
    await backup(here.home, source, drive)
    rmSync(path.join(copies, 'IMG_1.CR3'))
    const result = await backup(here.home, source, drive)
    assert.deepEqual([result.exitCode, result.filesCopied], [0, 1])
    assert.ok(result.warnings.some((warning) => /no longer on drive and was made again/.test(warning)))
    assert.deepEqual(readFileSync(path.join(copies, 'IMG_1.CR3')), contentOf('IMG_1.CR3'))
  })

  it('puts a copy that was altered on the drive into Quarantine and makes a new one', async () => {
    await backup(here.home, source, drive)
    writeFileSync(path.join(copies, 'IMG_1.CR3'), 'not what was written')
    const result = await backup(here.home, source, drive)
    assert.deepEqual(named(result.findings), ['damaged drive Wedding/IMG_1.CR3'])
    assert.equal(result.exitCode, 11)
    assert.deepEqual(readFileSync(path.join(copies, 'IMG_1.CR3')), contentOf('IMG_1.CR3'))
    const [stamp = ''] = readdirSync(path.join(copies, 'Quarantine'))
    assert.equal(readFileSync(path.join(copies, 'Quarantine', stamp, 'IMG_1.CR3'), 'utf8'), 'not what was written')
    assert.deepEqual((await backup(here.home, source, drive)).exitCode, 0, 'and the next run is clean')
    assert.deepEqual(named((await verify(here.home)).findings), [])
  })

  it('keeps the copies of originals that were deleted, and says so once', async () => {
    await backup(here.home, source, drive)
    rmSync(path.join(source, 'IMG_1.CR3'))
    const result = await backup(here.home, source, drive)
    assert.equal(result.exitCode, 0)
    assert.ok(
      result.warnings.some((warning) =>
        /1 original is no longer in "Wedding"; every copy of them is kept/.test(warning),
      ),
    )
    assert.deepEqual(readFileSync(path.join(copies, 'IMG_1.CR3')), contentOf('IMG_1.CR3'))
    const checked = await verify(here.home)
    assert.deepEqual([checked.checked, checked.exitCode], [2, 0])
    assert.ok(!(await backup(here.home, source, drive)).warnings.some((warning) => /no longer/.test(warning)))
    write(path.join(source, 'IMG_1.CR3'), contentOf('IMG_1.CR3'))
    const back = await backup(here.home, source, drive)
    assert.deepEqual([back.exitCode, back.bytesCopied], [0, 0], 'and when it comes back nothing is sent')
  })

  it('keeps the copies of a whole shoot whose folder is gone', async () => {
    here.tree('Wedding/party', { 'IMG_9.CR3': null })
    await backup(here.home, source, drive)
    rmSync(path.join(source, 'party'), { recursive: true })
    const result = await backup(here.home, source, drive)
    assert.ok(result.warnings.some((warning) => /Wedding\/party/.test(warning)))
    assert.ok(existsSync(path.join(copies, 'party/IMG_9.CR3')))
    assert.deepEqual((await verify(here.home)).checked, 3)
  })

  it('sees a copy whose date alone was changed on the drive, and does not send it again', async () => {
    await backup(here.home, source, drive)
    utimesSync(path.join(copies, 'IMG_1.CR3'), new Date(), new Date())
    const result = await backup(here.home, source, drive)
    assert.deepEqual([result.exitCode, result.bytesCopied, named(result.findings)], [0, 0, []])
    assert.equal(statSync(path.join(copies, 'IMG_1.CR3')).size, contentOf('IMG_1.CR3').length)
  })
})
