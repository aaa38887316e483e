// A journal that turns out to be damaged in the middle of some work: the work ends and names it, whatever it was about to learn or to write down.
// It is no fault of a drive, a bucket or a file, after which a run would go on with the others and count what it cannot read.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { SafelightError } from '../../helper/errors.js'
import { worldAt, type World } from '../crash/scenarios.js'
import { studioWithBucket } from '../offsite/support.js'
import { backup, foldersAsDisks, verify, withDaemon } from '../support/daemon.js'
import { startDouble } from '../support/s3/double.js'
import { freshFolder, makeFile, makeTree } from '../support/shoots.js'

const PAGE_BYTES = 4096

describe('a journal that is damaged somewhere', () => {
  let world: World
  let journal: WholeJournal

  before(async () => {
    world = worldAt(freshFolder({ inMemory: true }))
    makeTree(world.source, { 'IMG_1.CR3': 4000, 'IMG_1.xmp': '<x:xmpmeta/>' })
    for (const drive of world.drives) fs.mkdirSync(drive)
    await backup(options(), [world.source], world.drives)
    journal = await WholeJournal.of(world.home)
  })
  after(() => fs.rmSync(world.root, { recursive: true, force: true }))

  const options = () => ({ home: world.home, volumes: foldersAsDisks(world.root), withoutThreads: true })

  it('ends a backup, and is no reason to go on without a drive', async () => {
    const met = await journal.metBy(() => backup(options(), [world.source], world.drives))
    for (const name of ['files', 'copies', 'shoots', 'seals', 'places'])
      assert.ok(met.includes(name), `${name} is read: ${met.join()}`)
  })

  it('ends a verification, and is no reason to leave a drive out', async () => {
    const met = await journal.metBy(() => verify(options()))
    for (const name of ['files', 'copies', 'shoots', 'seals', 'places'])
      assert.ok(met.includes(name), `${name} is read: ${met.join()}`)
  })

  it('ends what sends to a bucket, and is the trouble neither of the bucket nor of a file', async () => {
    const double = await startDouble('aws')
    const { room } = await studioWithBucket(double.url, { Wedding: { 'IMG_1.CR3': 7000 } })
    const backUp = () => room.call('backup/run', { paths: [room.originals], to: [] })
    try {
      await backUp()
      makeFile(path.join(room.originals, 'Wedding', 'IMG_2.CR3'), 6000, 2)
      const met = await (await WholeJournal.of(room.home, 'objects')).metBy(backUp)
      assert.ok(met.includes('objects'), `objects is read: ${met.join()}`)
    } finally {
      room.remove()
      await double.close()
    }
  })
})

/** A journal as it was, of which one page at a time is damaged. */
class WholeJournal {
  readonly #file: string
  readonly #bytes: Buffer
  readonly #pages: readonly { readonly name: string; readonly page: number }[]

  /** @param table  only of this one and its indexes */
  static async of(home: string, table?: string): Promise<WholeJournal> {
    const rows = await withDaemon({ home }, ({ journal }) =>
      Promise.resolve(journal.all('SELECT name, tbl_name, rootpage FROM sqlite_master WHERE rootpage > 0')),
    )
    const pages = rows
      .filter((row) => table === undefined || row['tbl_name'] === table)
      .map((row) => ({ name: String(row['name']), page: Number(row['rootpage']) }))
    return new WholeJournal(path.join(home, 'journal.sqlite'), pages)
  }

  private constructor(file: string, pages: readonly { readonly name: string; readonly page: number }[]) {
    this.#file = file
    this.#bytes = fs.readFileSync(file)
    this.#pages = pages
  }

  /** @returns the tables and indexes whose damage the work met. Where it did not, it says nothing of the journal */
  async metBy(
    work: () => Promise<{ summary: string; warnings?: readonly string[]; findings: unknown }>,
  ): Promise<string[]> {
    const met: string[] = []
    for (const { name, page } of this.#pages) {
      this.#damage(page)
      try {
        const { summary, warnings, findings } = await work()
        assert.doesNotMatch(JSON.stringify([summary, warnings, findings]), /malformed/, `${name} is damaged`)
      } catch (error) {
        if (!(error instanceof SafelightError)) throw error
        assert.equal(error.code, 'JOURNAL_DAMAGED', `${name}: ${error.message}`)
        met.push(name)
      }
    }
    return met
  }

  #damage(page: number): void {
    for (const suffix of ['-wal', '-shm']) fs.rmSync(this.#file + suffix, { force: true })
    const bytes = Buffer.from(this.#bytes)
    bytes.fill(0xa5, (page - 1) * PAGE_BYTES, (page - 1) * PAGE_BYTES + 64)
    fs.writeFileSync(this.#file, bytes)
  }
}
