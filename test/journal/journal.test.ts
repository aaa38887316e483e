import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { SafelightError } from '../../helper/errors.js'
import { Journal } from '../../helper/journal/journal.js'
import { getMeta, setMeta } from '../../helper/journal/meta.js'
import { contentOf, freshFolder } from '../support/shoots.js'

const KILLS = 25

describe('the journal', () => {
  let home: string
  beforeEach(() => (home = freshFolder({ inMemory: true })))
  afterEach(() => fs.rmSync(home, { recursive: true }))

  const bad: readonly [string, Buffer, string][] = [
    ['is garbage', contentOf(50_000, 3), 'JOURNAL_DAMAGED'],
    ['is a text file', Buffer.from('my notes\n'), 'JOURNAL_DAMAGED'],
    ['has zero bytes', Buffer.alloc(0), 'JOURNAL_DAMAGED'],
  ]
  for (const [name, bytes, code] of bad) {
    it(`that ${name} is refused by name, left as it is, and moved aside only for a rebuild`, () => {
      const file = path.join(home, 'journal.sqlite')
      fs.writeFileSync(file, bytes)
      assert.throws(
        () => Journal.open(home),
        (error) => error instanceof SafelightError && error.code === code && error.message.includes(file),
      )
      assert.deepEqual(fs.readFileSync(file), bytes)
      const aside = Journal.moveAside(home, Date.UTC(2026, 0, 1))
      assert.ok(aside !== undefined && fs.readFileSync(aside).equals(bytes))
      Journal.open(home).close()
    })
  }

  it('of a newer Safelight is refused and left as it is', () => {
    const journal = Journal.open(home)
    journal.run('PRAGMA user_version = 9999')
    journal.close()
    const before = fs.readFileSync(path.join(home, 'journal.sqlite'))
    assert.throws(
      () => Journal.open(home),
      (error) => error instanceof SafelightError && error.code === 'JOURNAL_TOO_NEW',
    )
    assert.deepEqual(fs.readFileSync(path.join(home, 'journal.sqlite')), before)
  })

  it('whose pages are damaged is called damaged as soon as they are read', () => {
    const journal = Journal.open(home)
    journal.transaction(() => {
      for (let n = 0; n < 5000; n++) setMeta(journal, `key ${n}`, 'x'.repeat(100))
    })
    journal.close()
    const file = path.join(home, 'journal.sqlite')
    const bytes = fs.readFileSync(file)
    for (let at = 4096 * 30; at < bytes.length; at += 1) bytes[at] = 0x7f
    fs.writeFileSync(file, bytes)
    assert.throws(
      () => {
        const damaged = Journal.open(home)
        try {
          damaged.all('SELECT * FROM meta')
        } finally {
          damaged.close()
        }
      },
      (error) => error instanceof SafelightError && error.code === 'JOURNAL_DAMAGED',
    )
  })

  it('opens though a killed owner left its lock', () => {
    Journal.open(home).close()
    fs.mkdirSync(path.join(home, 'journal.sqlite.lock'))
    const journal = Journal.open(home)
    setMeta(journal, 'a', 'b')
    journal.close()
  })

  it('takes back everything when a transaction throws', () => {
    const journal = Journal.open(home)
    assert.throws(() =>
      journal.transaction(() => {
        setMeta(journal, 'a', 'b')
        throw new Error('no')
      }),
    )
    assert.equal(getMeta(journal, 'a'), undefined)
    journal.close()
  })

  it(`loses no acknowledged commit in ${KILLS} kills under load`, async function () {
    this.timeout(120_000)
    let acknowledged = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const last = await writeUntilKilled(home, 5 + kill * 3)
      if (last > 0) acknowledged = last
      const journal = Journal.open(home)
      const found = Number(getMeta(journal, 'counter') ?? 0)
      const rows = Number(journal.get("SELECT count(*) AS n FROM meta WHERE key LIKE 'row %'")?.['n'])
      const check = journal.get('PRAGMA integrity_check')
      journal.close()
      assert.equal(check?.['integrity_check'], 'ok')
      assert.ok(found >= acknowledged, `${found} is there, ${acknowledged} was acknowledged`)
      assert.ok(found <= acknowledged + 1)
      assert.equal(rows, found * 20, 'a transaction is there as a whole or not at all')
      acknowledged = found
    }
  })
})

const PROGRAM = fileURLToPath(new URL('./journal-writer.js', import.meta.url))

/** @returns the last commit that the writer said it had made before it was killed, after `commits` of them */
function writeUntilKilled(home: string, commits: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, home], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (data: Buffer) => {
      said += data.toString('latin1')
      if (said.split('\n').length > commits) child.kill('SIGKILL')
    })
    child.on('error', reject)
    child.on('close', () => resolve(Number(said.split('\n').at(-2) ?? 0)))
  })
}
