// A journal of 100,000 files, as far as that can be told without a clock: no question that is asked every day goes through all files, copies
// or versions. How long the same takes at 1,000,000 is measured by `npm run bench -- --only journal`.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { Daemon } from '../../helper/daemon.js'
import { Journal, type Row, type Value } from '../../helper/journal/journal.js'
import type { MethodName, Params, Result } from '../../shared/methods.js'
import { foldersAsDisks } from '../support/daemon.js'
import { makeLargeJournal } from '../support/large-journal.js'
import { freshFolder, makeTree } from '../support/shoots.js'

const FILES = 100_000
const NOW_MS = Date.UTC(2026, 5, 1)

describe('a journal of 100,000 files', () => {
  const root = freshFolder({ inMemory: true })
  const home = path.join(root, 'home')
  let daemon: Daemon

  before(async function () {
    this.timeout(120_000)
    fs.mkdirSync(home, { mode: 0o700 })
    makeLargeJournal(home, { files: FILES, nowMs: NOW_MS })
    daemon = await Daemon.open({
      home,
      command: 'test',
      volumes: foldersAsDisks(root),
      clock: () => NOW_MS,
      withoutThreads: true,
    })
    // What a first look counts once and keeps.
    await ask('status/get', {})
  })
  after(() => {
    daemon.close()
    fs.rmSync(root, { recursive: true, force: true })
  })

  it('answers what is safe, shoot by shoot and together, without going through its files', async () => {
    const wide = await wideQuestions(async () => {
      const { verdict, shoots } = await ask('status/get', {})
      assert.equal(verdict, 'protected')
      assert.equal(shoots.protected, FILES / 500)
    })
    assert.deepEqual(wide, [])
  })

  it('lists its shoots without going through its files', async () => {
    const wide = await wideQuestions(async () => {
      assert.equal((await ask('shoots/list', {})).shoots.length, FILES / 500)
    })
    assert.deepEqual(wide, [])
  })

  it('plans and makes the backup of one new shoot without going through its files', async function () {
    this.timeout(60_000)
    makeTree(
      path.join(root, 'card', 'New'),
      Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`NEW_${n}.JPG`, 200])),
    )
    fs.mkdirSync(path.join(root, 'Drive N'))
    const wide = await wideQuestions(async () => {
      const { ok, filesCopied } = await ask('backup/run', {
        paths: [path.join(root, 'card', 'New')],
        to: [path.join(root, 'Drive N')],
      })
      assert.ok(ok)
      assert.equal(filesCopied, 30)
      await ask('status/get', {})
    })
    assert.deepEqual(wide, [])
  })

  async function ask<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    const run = daemon.handlers[method] as ((params: Params<M>, context: unknown) => Promise<Result<M>>) | undefined
    assert.ok(run)
    return run(params, {
      signal: new AbortController().signal,
      client: { kind: 'cli', version: 'test' },
      progress: () => undefined,
    })
  }

  /** Lets `act` ask the journal whatever it asks. @returns the statements that SQLite answers by going through a large table from end to end */
  async function wideQuestions(act: () => Promise<void>): Promise<string[]> {
    const asked = new Map<string, readonly Value[]>()
    const before = Object.getOwnPropertyDescriptors(Journal.prototype)
    const all = before.all.value as (this: Journal, sql: string, values?: readonly Value[]) => Row[]
    const run = before.run.value as (this: Journal, sql: string, values?: readonly Value[]) => number
    Journal.prototype.all = function (this: Journal, sql, values) {
      asked.set(sql, values ?? [])
      return all.call(this, sql, values)
    }
    Journal.prototype.run = function (this: Journal, sql, values) {
      asked.set(sql, values ?? [])
      return run.call(this, sql, values)
    }
    try {
      await act()
    } finally {
      Object.defineProperties(Journal.prototype, { all: before.all, run: before.run })
    }
    assert.ok(asked.size > 0, 'the journal was asked')
    return [...asked].flatMap(([sql, values]) => wideStepsOf(sql, values).map((step) => `${step}: ${sql}`))
  }

  function wideStepsOf(sql: string, values: readonly Value[]): string[] {
    if (!/^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)/i.test(sql)) return []
    return daemon.journal
      .all(`EXPLAIN QUERY PLAN ${sql}`, values)
      .map((row) => String(row['detail']))
      .filter((detail) => /^SCAN (files|copies|versions|f|c|v)\b/.test(detail))
  }
})
