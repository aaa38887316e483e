import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { SafelightError } from '../helper/errors.js'
import { claimHome, ownerOf } from '../helper/instance.js'
import { freshFolder } from './support/shoots.js'

const PROGRAM = fileURLToPath(new URL('./support/claimer.js', import.meta.url))
const STARTS = 20

describe('a home', () => {
  let home: string
  beforeEach(() => (home = freshFolder({ inMemory: true })))
  afterEach(() => fs.rmSync(home, { recursive: true }))

  const isInUse = (error: unknown): boolean =>
    error instanceof SafelightError &&
    error.code === 'HOME_IN_USE' &&
    /"safelight backup", process \d+/.test(error.message)

  it('turns a second safelight away, and says who is there', async () => {
    const owner = await claimHome(home, 'safelight backup', Date.now())
    await assert.rejects(claimHome(home, 'safelight status', Date.now() + 5000), isInUse)
    assert.equal((await ownerOf(home))?.pid, process.pid)
    owner.release()
    assert.equal(await ownerOf(home), undefined)
    const next = await claimHome(home, 'safelight status', Date.now())
    next.release()
    assert.deepEqual(fs.readdirSync(home), [])
  })

  it('is free when its owner was killed, or its process number is another program’s now', async () => {
    const claim = {
      pid: process.pid,
      processStart: 'another start',
      command: 'safelight backup',
      since: new Date().toISOString(),
    }
    fs.writeFileSync(path.join(home, 'owner-00.json'), JSON.stringify(claim))
    fs.writeFileSync(path.join(home, 'owner-01.json'), JSON.stringify({ ...claim, pid: 2 ** 22 - 1, processStart: '' }))
    const owner = await claimHome(home, 'test', Date.now())
    assert.equal(fs.readdirSync(home).length, 1)
    owner.release()
  })

  it('is free when a claim was cut off half-way long ago, also where the clock was set back since', async () => {
    for (const [name, mtimeMs] of [
      ['owner-02.json', Date.now() - 60_000],
      ['owner-03.json', Date.now() + 86_400_000],
    ] as const) {
      fs.writeFileSync(path.join(home, name), '{"pid":')
      fs.utimesSync(path.join(home, name), mtimeMs / 1000, mtimeMs / 1000)
    }
    const owner = await claimHome(home, 'test', Date.now())
    owner.release()
  })

  it(`never has two owners when ${STARTS} start at once`, async function () {
    this.timeout(60_000)
    const shared = path.join(home, 'owned')
    const ends = await Promise.all(Array.from({ length: STARTS }, () => claimIn(home, shared)))
    assert.deepEqual(
      ends.filter((end) => end === 'broken'),
      [],
    )
    assert.equal(await ownerOf(home), undefined)
  })
})

/** A process that claims the home, and while it has it, makes a folder that must not be there yet. */
function claimIn(home: string, shared: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, home, shared], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (data: Buffer) => (said += data.toString('utf8')))
    child.on('error', reject)
    child.on('close', () => resolve(said === 'owner' || said === 'refused' ? said : 'broken'))
  })
}
