// A studio of several computers, looked over from the bucket alone; and the page that lies there for a person with nothing but a browser.
import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { machineOf, machineStatus, parseMachineStatus, type MachineStatus } from '../../helper/status/machine-status.js'
import type { StatusResult } from '../../shared/methods.js'
import { makeBucket } from '../support/s3/fixture.js'
import { ask } from '../support/safelight.js'
import type { Outcome, StudioMachine } from '../../shared/methods.js'
import { doubleFor, studio, type Studio } from './support.js'

const DAY = 24 * 3600 * 1000
const NOW = Date.parse('2026-06-01T12:00:00Z')
const MARKER = { folder: 'mac-1', host: 'mac' }

const SAID: MachineStatus = {
  format: 1,
  machine: { id: 'mac-1', host: 'mac' },
  asOf: new Date(NOW).toISOString(),
  verdict: 'protected',
  validUntil: new Date(NOW + 30 * DAY).toISOString(),
  shoots: { protected: 2, partly: 0, atRisk: 0, unknown: 0 },
  files: 640,
  bytes: 1e9,
  notices: [],
}

describe('what a computer of a studio says of itself', () => {
  const verdict = (more: Partial<MachineStatus>, nowMs = NOW): string =>
    machineOf(MARKER, { ...SAID, ...more }, nowMs).verdict

  it('is believed while it is fresh, and is not known afterwards, whatever it said', () => {
    assert.equal(verdict({}), 'protected')
    assert.equal(verdict({ verdict: 'at-risk' }), 'at-risk')
    assert.equal(verdict({}, NOW + 2 * DAY), 'protected')
    assert.equal(verdict({}, NOW + 2 * DAY + 1), 'unknown', 'not heard of for two days')
    assert.equal(verdict({ validUntil: new Date(NOW).toISOString() }), 'unknown', 'its proofs have run out')
    assert.equal(verdict({}, NOW - DAY - 1), 'unknown', 'from a clock that is ahead')
    assert.equal(machineOf(MARKER, undefined, NOW).verdict, 'unknown')
  })

  it('is nothing where it cannot be understood, and names no shoot and no file', () => {
    for (const text of ['', '{', '[]', '{"format":2}', JSON.stringify({ ...SAID, verdict: 'fine' })])
      assert.equal(parseMachineStatus(text), undefined, text)
    const status = {
      ...SAID,
      notices: [{ kind: 'damaged', severity: 'red', subject: 'Secret wedding', message: 'in "Secret wedding"' }],
      notProtected: [{ id: 'Secret wedding', verdict: 'partly', missing: [] }],
    } as unknown as StatusResult
    const text = JSON.stringify(machineStatus(status, SAID.machine))
    assert.doesNotMatch(text, /Secret/)
    assert.deepEqual(parseMachineStatus(text)?.notices, ['damaged'])
  })
})

describe('a studio looked over from the bucket alone', () => {
  const double = doubleFor('aws')
  let bucket: string
  let rooms: Studio[] = []

  beforeEach(async () => {
    bucket = await makeBucket(double().url, { lock: true })
  })
  afterEach(() => {
    for (const room of rooms) room.remove()
    rooms = []
  })

  /** A computer whose helper has worked until its status lies in the bucket. */
  async function computer(more: object = {}): Promise<Studio> {
    const room = studio({ 'Anna and Ben': { 'IMG_1.CR3': 7_000 } })
    rooms.push(room)
    await room.call('place/add', { path: room.drive })
    await room.call('place/add', {
      path: `s3://${bucket}/studio`,
      name: 'Cloud',
      bucket: { endpoint: double().url, ...more },
    })
    await room.call('backup/run', { paths: [room.originals], to: [] })
    await room.with(async (daemon) => {
      const keeper = await daemon.startBucketKeeper({ lookMs: 20, retryMs: 20 }, assert.ifError)
      const watch = await daemon.startWatch(assert.ifError, { lookMs: 20, closerMs: 20, pageMs: 20 })
      const before = [...objects().keys()].filter(isStatus).length
      while ([...objects().keys()].filter(isStatus).length === before) await wait(10)
      await keeper.idle()
      await watch.close()
      await keeper.close()
    })
    return room
  }
  const isStatus = (key: string): boolean => key.endsWith('/status.json')
  const objects = () => double().state.buckets.get(bucket)?.objects ?? new Map<string, unknown[]>()

  it('shows each, and a page for people where nothing is encrypted; neither is locked', async () => {
    await computer({ lockDays: 10 })
    await computer({ encrypt: true })
    const pages = [...objects().keys()].filter((key) => key.endsWith('/status.html'))
    assert.equal(pages.length, 1, 'a page that names shoots is not left beside encrypted copies')
    const folder = pages[0]?.split('/')[1] ?? ''
    const tree = await (rooms[0] as Studio).tree(double().url, bucket, 'studio')
    assert.match(String(tree.get('status.html')), /Pictures\/Anna and Ben/)
    const page = double().requests.filter(
      ({ operation, key }) => operation === 'PutObject' && /status\.(html|json)$/.test(key),
    )
    assert.ok(page.length >= 3)
    for (const { headers } of page) assert.equal(headers['x-amz-object-lock-mode'], undefined)
    assert.ok(page.some(({ headers }) => headers['content-type'] === 'text/html; charset=utf-8'))

    const stranger = studio({})
    rooms.push(stranger)
    const args = ['status', '--studio', `s3://${bucket}/studio`, '--endpoint', double().url]
    const seen = await ask<Outcome & { machines: StudioMachine[] }>(stranger.home, args)
    assert.equal(seen.machines.length, 2)
    assert.ok(seen.machines.some((machine) => machine.folder === folder))
    for (const { verdict, files, asOf } of seen.machines)
      assert.deepEqual([verdict, files, asOf !== undefined], ['protected', 1, true], JSON.stringify(seen))
    assert.deepEqual([seen.exitCode, seen.summary], [0, 'All 2 computers are protected.'])
  })

  it('shows a computer on which nobody but a person at a terminal has ever sent anything', async () => {
    const room = studio({ 'Anna and Ben': { 'IMG_1.CR3': 7_000 } })
    rooms.push(room)
    await room.call('place/add', { path: room.drive })
    await room.call('place/add', { path: `s3://${bucket}/studio`, name: 'Cloud', bucket: { endpoint: double().url } })
    assert.deepEqual([...objects().keys()].filter(isStatus), [])
    await ask(room.home, ['backup', room.originals])
    assert.equal([...objects().keys()].filter(isStatus).length, 1)
    const seen = await ask<Outcome & { machines: StudioMachine[] }>(room.home, ['status', '--studio'])
    assert.deepEqual(
      seen.machines.map(({ files, asOf }) => [files, asOf !== undefined]),
      [[1, true]],
    )
  })
})
