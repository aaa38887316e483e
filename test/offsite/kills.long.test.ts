import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Journal } from '../../helper/journal/journal.js'
import { randomOf } from '../crash/power-loss/power-loss.js'
import { start } from '../support/safelight.js'
import { makeFile } from '../support/shoots.js'
import { startDouble, type S3Double } from '../support/s3/double.js'
import { MIB, makeBucket } from '../support/s3/fixture.js'
import { studio } from './support.js'

/** `KILLS=1000` for the whole number. */
const KILLS = Number(process.env['KILLS'] ?? 30)
const SEED = Number(process.env['SEED'] ?? 1)

describe('a helper that is killed while it sends', () => {
  let double: S3Double
  before(async () => {
    double = await startDouble('aws')
  })
  after(() => double.close())

  it(`${KILLS} times leaves no upload open after the next run, and everything arrives`, async function () {
    this.timeout((KILLS + 60) * 30_000)
    const draw = randomOf(SEED)
    const room = studio({ 'IMG_0.xmp': 'x' })
    const bucket = await makeBucket(double.url, { lock: true })
    await room.call('place/add', { path: room.drive })
    await room.call('place/add', { path: `s3://${bucket}/backup`, bucket: { endpoint: double.url, yes: true } })
    let killed = 0
    for (let kill = 1; kill <= KILLS; kill++) {
      // Another date with the other bytes: without, it would be an original that rotted.
      makeFile(path.join(room.originals, `IMG_${kill % 7}.CR3`), 17 * MIB, kill)
      const victim = start(room.home, ['backup', room.originals, '--json'])
      const until = double.requests.length + 1 + Math.floor(draw() * 10)
      const life = { isOver: false }
      void victim.finally(() => (life.isOver = true))
      while (!life.isOver && double.requests.length < until) await wait(5)
      victim.kill('SIGKILL')
      if ((await victim).signal === 'SIGKILL') killed += 1
    }
    const opened = double.state.buckets.get(bucket)?.uploads.size ?? 0
    const last = await room.call('backup/run', { paths: [room.originals], to: [] })
    assert.equal(last.exitCode, 0, `${last.summary} ${JSON.stringify(last.findings)}`)

    console.log(
      `      ${killed} of ${KILLS} were killed in the middle; ${opened} uploads were open before the last run (SEED=${SEED})`,
    )
    assert.deepEqual([...(double.state.buckets.get(bucket)?.uploads.keys() ?? [])], [], 'no upload is open')
    assert.deepEqual(openUploads(room.home), [], 'nor does the journal think so')
    assert.ok(killed > KILLS / 3, 'most of them were killed')
    assert.ok(fs.existsSync(room.drive))
    room.remove()
  })
})

function openUploads(home: string): { uploadId: string }[] {
  const journal = Journal.open(home)
  try {
    return journal.all('SELECT upload_id FROM uploads').map((row) => ({ uploadId: String(row['upload_id']) }))
  } finally {
    journal.close()
  }
}
