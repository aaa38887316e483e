// A catalog of 6 GB with the real helper: backed up and checked, while somebody else asks it something all the time and its heart beats.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { execaSync } from 'execa'
import { LIMITS } from '../../helper/server/limits.js'
import { ServedHelper, type Pulse } from '../support/served-helper.js'

/** Of 1,960 photos with 3 MB of edits each. */
const FILES = 1960
const DEVELOP_BYTES = 3_000_000
const MAKE = path.join(import.meta.dirname, '..', 'support', 'make-large-catalog.js')
const GIGABYTE = 1024 ** 3
/** The catalog, its private copy, its packed copy, and what there must be besides. */
const ROOM = 20 * GIGABYTE

describe('a catalog of 6 GB', function () {
  let folder: string
  let catalog: string
  let helper: ServedHelper | undefined
  before(function () {
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'safelight-large-')))
    const { bavail, bsize } = statfsSync(folder)
    if (bavail * bsize < ROOM) {
      process.stdout.write(`    left out: there are not 20 GB free in ${folder}\n`)
      this.skip()
    }
    catalog = path.join(folder, 'Lightroom', 'Large.lrcat')
    // In a process of its own, whose memory is given back.
    mkdirSync(path.dirname(catalog))
    mkdirSync(path.join(folder, 'Photos', '2024'), { recursive: true })
    const numbers = [String(FILES), String(DEVELOP_BYTES)]
    execaSync(process.execPath, [MAKE, catalog, `${path.join(folder, 'Photos')}/`, ...numbers])
  })
  after(async () => {
    await helper?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('is backed up, opened and checked, and the helper misses no heartbeat', async () => {
    assert.ok(statSync(catalog).size > 6 * 1e9 * 0.95, `${statSync(catalog).size} bytes`)
    const [home, drive] = [path.join(folder, 'home'), path.join(folder, 'drive')]
    for (const each of [home, drive]) mkdirSync(each, { mode: 0o700 })
    writeFileSync(path.join(home, 'config.json'), JSON.stringify({ format: 1, catalogSettleSeconds: 0.05 }))
    const served = (helper = await ServedHelper.start(home))
    const { client } = served
    await client.call('place/add', { path: drive })

    const { value, beats, elapsedMs } = await served.heartbeats(async () => {
      const backup = await served.pulsed(200, () => client.call('catalog/backup', { catalog }))
      const check = await served.pulsed(200, () => client.call('catalog/check', { catalog }))
      return { backup, check }
    })
    const { backup, check } = value
    assert.deepEqual([backup.value.judgement, backup.value.exitCode], ['good', 0], backup.value.summary)
    assert.deepEqual([check.value.files, check.value.findings.length], [FILES, FILES * 2 + FILES / 10])
    for (const pulse of [backup, check]) assertAnswering(pulse)
    const due = Math.floor((elapsedMs - LIMITS.heartbeatMs / 2) / LIMITS.heartbeatMs)
    assert.ok(beats >= due, `${beats} of ${due} heartbeats in ${Math.round(elapsedMs / 1000)} s`)
    assert.deepEqual(readdirSync(path.dirname(catalog)), ['Large.lrcat'])
    process.stdout.write(
      `    ${beats} heartbeats in ${Math.round(elapsedMs / 1000)} s; longest answer ${Math.round(backup.longestMs)} ms beside the backup, ${Math.round(check.longestMs)} ms beside the check\n`,
    )
  })
})

/** Nobody waited for an answer as long as a heartbeat may take. */
function assertAnswering({ answers, longestMs }: Pulse<unknown>): void {
  assert.ok(answers > 0)
  assert.ok(longestMs < LIMITS.heartbeatMs, `an answer took ${Math.round(longestMs)} ms`)
}
