// A restore from a drive that is there and does not answer: the next place serves, the drive is named, and nobody waits for ever.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { SourcePace, TooSlow } from '../../helper/engine/source-pace.js'
import { FaultSet } from '../support/faults.js'
import { mountImage } from '../support/mounts.js'
import { contentsOf, namesIn, Studio, type Answer } from './support.js'

const TRIP = { 'IMG_1.CR3': 2_000_000, 'IMG_1.xmp': 'xmp', 'IMG_2.CR3': 90_000, 'IMG_3.CR3': 70_000 }

describe('a restore from a drive that does not answer', () => {
  let studio: Studio
  let shoot: string

  beforeEach(() => {
    studio = new Studio()
    shoot = path.join(studio.pictures, 'Trip')
    studio.make(shoot, TRIP)
  })
  afterEach(() => studio.remove())

  /** The shoot on both drives, the studio's proven last, so that it is asked first; the originals are gone. @returns what they were */
  async function lose(): Promise<Record<string, string>> {
    await studio.backUp('Trip')
    assert.equal((await studio.call('verify/run', { shoots: ['Trip'], place: 'Studio SSD' })).exitCode, 0)
    assert.equal(
      (await studio.call('restore/plan', { shoot: 'Trip', to: studio.at('to') })).from[0]?.place,
      'Studio SSD',
    )
    const before = contentsOf(shoot)
    fs.rmSync(shoot, { recursive: true })
    return before
  }

  it('gives way to the next place after a while, names the drive and leaves nothing half done', async () => {
    const before = await lose()
    const faults = new FaultSet([{ on: 'read', path: 'Studio SSD', times: Infinity, act: { hang: true } }])
    const answer = await studio.restore({ shoot: 'Trip' }, { workerFile: faults.workerFile, patienceMs: 3000 })
    faults.assertAllHit()
    assert.equal(answer.exitCode, 0, answer.summary)
    assert.deepEqual(contentsOf(shoot), before)
    assert.deepEqual(answer.from, [{ place: 'Vault', files: 4 }])
    assert.match(answer.summary, /"Studio SSD" answered too slowly or not at all/)
    assert.deepEqual([...new Set(answer.findings.map(({ kind, place }) => `${kind} ${place}`))], ['slow Studio SSD'])
    assert.deepEqual(namesIn(shoot), Object.keys(TRIP).sort(), 'no temporary file is left')
  })

  it('ends where no other place has the files, and says that they are not lost but out of reach', async () => {
    await lose()
    const faults = new FaultSet([{ on: 'read', path: 'Studio SSD', times: Infinity, act: { hang: true } }])
    const options = { workerFile: faults.workerFile, patienceMs: 1500 }
    const answer = await studio.restore({ shoot: 'Trip', from: 'Studio SSD' }, options)
    faults.assertAllHit()
    assert.equal(answer.exitCode, 20, answer.summary)
    assert.deepEqual([...new Set(answer.findings.map(({ kind }) => kind))], ['away'])
    assert.match(answer.findings[0]?.message ?? '', /Studio SSD: slow \(it does not answer\)/)
    assert.deepEqual(namesIn(shoot), [])
  })

  it('can be stopped while the only drive is silent', async () => {
    await lose()
    const faults = new FaultSet([{ on: 'read', path: 'Studio SSD', times: Infinity, act: { hang: true } }])
    const stop = new AbortController()
    const restored = studio.restore(
      { shoot: 'Trip', from: 'Studio SSD' },
      { workerFile: faults.workerFile, patienceMs: 3_000_000, signal: stop.signal },
    )
    while (faults.hits(0) === 0) await new Promise((resolve) => setImmediate(resolve))
    stop.abort()
    const { exitCode } = await restored
    assert.equal(exitCode, 14)
  })

  it('and the process that restores from a mounted drive whose driver is frozen neither hangs nor waits at its end', async function () {
    this.timeout(150_000)
    const drive = mountImage(studio.root, 'Studio SSD', 'exfat', 16)
    if (typeof drive === 'string') {
      console.log(`      ${drive}`)
      this.skip()
    }
    const driver = processOf(drive.folder)
    try {
      if (driver === undefined) {
        console.log('      this exFAT has no process that could be frozen')
        this.skip()
      }
      const before = await lose()
      process.kill(driver, 'SIGSTOP')
      const program = fileURLToPath(new URL('./hanging-drive-run.js', import.meta.url))
      const child = spawn(process.execPath, [program, studio.home, 'Trip'], {
        stdio: ['ignore', 'pipe', 'inherit'],
        timeout: 90_000,
        killSignal: 'SIGKILL',
      })
      let text = ''
      child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
      const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
      assert.deepEqual([code, signal], [null, 'SIGTERM'], 'it ends itself, since a thread is stuck')
      const answer = JSON.parse(text) as Answer
      assert.equal(answer.exitCode, 0, answer.summary)
      assert.deepEqual(contentsOf(shoot), before)
    } finally {
      if (driver !== undefined) process.kill(driver, 'SIGCONT')
      drive.unmount()
    }
  })
})

/** The process that serves a mount point. */
function processOf(folder: string): number | undefined {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .find((pid) => commandOf(pid).includes(folder))
}

function commandOf(pid: number): string[] {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch (error) {
    // It ended between the two.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ESRCH')
      return []
    throw error
  }
}

describe('the pace of a source', () => {
  it('is judged by the time spent in asking it, again and again, and only where another place could serve', () => {
    const pace = new SourcePace({ source: 'a', leastBytesPerSecond: 100_000 }, 30_000)
    for (let second = 0; second < 30; second++) pace.note(150_000, 1000)
    for (let second = 0; second < 29; second++) pace.note(50_000, 1000)
    assert.throws(
      () => pace.note(50_000, 1000),
      (error) => error instanceof TooSlow && /50 kB a second/.test(error.message),
    )
    const patient = new SourcePace({ source: 'a' }, 30_000)
    for (let second = 0; second < 90; second++) patient.note(1, 1000)
  })
})
