// A store that lies. Round by round something new is backed up to a drive and to the double, which meets the requests with faults drawn from
// a seed: errors, lost replies, cut bodies, wrong checksums, stale lists, refused locks, lost objects, a clock that is off. After every round
// each copy that was called confirmed in it is looked for in the store itself, behind the store's back: there, whole, and the reference.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { Daemon } from '../../helper/daemon.js'
import { SafelightError } from '../../helper/errors.js'
import { hashBytes } from '../../helper/files/hash.js'
import type { MethodName, Params, Result } from '../../shared/methods.js'
import { randomOf } from '../crash/power-loss/power-loss.js'
import { foldersAsDisks } from '../support/daemon.js'
import { freshFolder, makeFile } from '../support/shoots.js'
import { startDouble, type S3Double } from '../support/s3/double.js'
import type { Fault } from '../support/s3/faults.js'
import { HASH, MIB, makeBucket, setTestCredentials } from '../support/s3/fixture.js'

export interface Lies {
  readonly rounds: number
  readonly faults: number
  readonly confirmed: number
}

/** What a store does of itself and what is done to it on the way, by the kind of request. */
export const FAULTS: readonly (readonly [string, Fault])[] = [
  ['*', { kind: 'status', status: 500, code: 'InternalError' }],
  ['*', { kind: 'status', status: 503, code: 'SlowDown' }],
  ['PutObject', { kind: 'status', status: 429, code: 'TooManyRequests' }],
  ['PutObject', { kind: 'lose-reply' }],
  ['UploadPart', { kind: 'lose-reply' }],
  ['CompleteMultipartUpload', { kind: 'lose-reply' }],
  ['CompleteMultipartUpload', { kind: 'error-in-200', code: 'InternalError' }],
  ['CopyObject', { kind: 'error-in-200', code: 'InternalError' }],
  ['CreateMultipartUpload', { kind: 'lose-reply' }],
  ['PutObject', { kind: 'flip-bit' }],
  ['UploadPart', { kind: 'flip-bit' }],
  ['PutObject', { kind: 'reset-after', bytes: 100 }],
  ['UploadPart', { kind: 'reset-after', bytes: 100_000 }],
  ['PutObject', { kind: 'wrong-checksums' }],
  ['HeadObject', { kind: 'wrong-checksums' }],
  ['CompleteMultipartUpload', { kind: 'wrong-checksums' }],
  ['HeadObject', { kind: 'status', status: 404, code: 'NoSuchKey' }],
  ['HeadObject', { kind: 'captive-portal' }],
  ['ListObjectsV2', { kind: 'stale-list' }],
  ['ListMultipartUploads', { kind: 'stale-list' }],
  ['ListParts', { kind: 'cut-reply', bytes: 20 }],
  ['GetObject', { kind: 'cut-reply', bytes: 20 }],
  ['PutObjectRetention', { kind: 'status', status: 403, code: 'AccessDenied' }],
  ['PutObject', { kind: 'status', status: 403, code: 'AccessDenied' }],
]

export async function hearLies(rounds: number, seed: number, isLocked: boolean): Promise<Lies> {
  setTestCredentials()
  const draw = randomOf(seed)
  const root = freshFolder({ inMemory: true })
  const double = await startDouble('aws')
  const bucket = await makeBucket(double.url, { lock: isLocked, versioned: true })
  fs.mkdirSync(path.join(root, 'drive'))
  const daemon = await Daemon.open({
    home: path.join(root, 'home'),
    command: 'test',
    volumes: foldersAsDisks(root),
    withoutThreads: true,
  })
  const told = { rounds, faults: 0, confirmed: 0 }
  const checked = new Map<string, string>()
  const diary: string[] = []
  try {
    await ask(daemon, 'place/add', { path: path.join(root, 'drive') })
    await ask(daemon, 'place/add', {
      path: `s3://${bucket}/backup`,
      name: 'Cloud',
      bucket: { endpoint: double.url, ...(isLocked ? { lockDays: 1 } : {}), yes: true },
    })
    for (let round = 1; round <= rounds; round++) {
      diary.push(`round ${round}`)
      changeSomething(root, round, draw)
      told.faults += planLies(double, bucket, draw, diary)
      diary.push(`  → ${await backUp(daemon, root)}`)
      double.faults.clear()
      double.clockOffsetMs = 0
      told.confirmed += assertConfirmedIsTrue(daemon, double, bucket, checked)
    }
    // With the lies over, everything arrives by itself.
    diary.push(`at the end: ${await backUp(daemon, root)}`)
    told.confirmed += assertConfirmedIsTrue(daemon, double, bucket, checked)
    const owed = daemon.journal.all(
      `SELECT f.name FROM files f WHERE NOT EXISTS (SELECT 1 FROM copies c JOIN places p ON p.id = c.place_id WHERE c.version_id = f.version_id AND p.kind = 'bucket' AND c.state = 'verified')`,
    )
    assert.deepEqual(owed, [], 'every photo is confirmed in the end')
    return told
  } catch (error) {
    throw new Error(
      `SEED=${seed}: ${error instanceof Error ? (error.stack ?? '') : String(error)}\n${diary.join('\n')}`,
      { cause: error },
    )
  } finally {
    daemon.close()
    await double.close()
    fs.rmSync(root, { recursive: true, force: true })
  }
}

function changeSomething(root: string, round: number, draw: () => number): void {
  const shoot = path.join(root, 'Pictures', `Shoot ${1 + Math.floor(draw() * 3)}`)
  fs.mkdirSync(shoot, { recursive: true })
  const mtime = new Date(Date.UTC(2025, 0, 1) + round * 60_000).toISOString()
  makeFile(path.join(shoot, 'IMG_1.xmp'), { bytes: `edit ${round}`, mtime })
  const bytes = draw() < 0.25 ? 17 * MIB : 1000
  makeFile(path.join(shoot, `IMG_${round}.CR3`), { bytes, seed: round, mtime })
}

function planLies(double: S3Double, bucket: string, draw: () => number, diary: string[]): number {
  const count = 1 + Math.floor(draw() * 3)
  for (let n = 0; n < count; n++) {
    const [operation, fault] = FAULTS[Math.floor(draw() * FAULTS.length)] ?? ['*', { kind: 'lose-reply' }]
    double.faults.plan(operation, fault, 1 + Math.floor(draw() * 2))
    diary.push(`  ${operation} ${JSON.stringify(fault)}`)
  }
  if (draw() < 0.15) {
    double.clockOffsetMs = (draw() < 0.5 ? -1 : 1) * 3_600_000
    diary.push(`  the clock is off by ${double.clockOffsetMs} ms`)
  }
  const objects = double.state.buckets.get(bucket)?.objects
  const keys = [...(objects?.keys() ?? [])].filter((key) => key.endsWith('.CR3'))
  const lost = keys[Math.floor(draw() * keys.length)]
  if (draw() < 0.15 && lost !== undefined) {
    objects?.delete(lost)
    diary.push(`  ${lost} is lost`)
  }
  return count
}

async function backUp(daemon: Daemon, root: string): Promise<string> {
  try {
    return (await ask(daemon, 'backup/run', { paths: [path.join(root, 'Pictures')], to: [] })).summary
  } catch (error) {
    if (!(error instanceof SafelightError)) throw error
    return `${error.code}: ${error.message}`
  }
}

/** @returns how many were confirmed since the last look */
function assertConfirmedIsTrue(daemon: Daemon, double: S3Double, bucket: string, checked: Map<string, string>): number {
  const rows = daemon.journal.all(
    `SELECT c.path, c.proven_ms, v.hash, s.key FROM copies c JOIN versions v ON v.id = c.version_id JOIN files f ON f.id = v.file_id
     JOIN shoots s ON s.id = f.shoot_id JOIN places p ON p.id = c.place_id WHERE p.kind = 'bucket' AND c.state = 'verified'`,
  )
  let fresh = 0
  for (const row of rows) {
    const name = `Photos/${String(row['key'])}/${String(row['path'])}`
    const proof = `${String(row['proven_ms'])} ${String(row['hash'])}`
    if (checked.get(name) === proof) continue
    checked.set(name, proof)
    fresh += 1
    const [, versions] =
      [...(double.state.buckets.get(bucket)?.objects ?? [])].find(([key]) => key.endsWith(`/${name}`)) ?? []
    const newest = versions?.at(-1)
    assert.ok(newest && !newest.isMarker, `${name} is called confirmed, and the store does not hold it`)
    assert.equal(
      hashBytes(HASH, fs.readFileSync(newest.file)),
      row['hash'],
      `${name} is called confirmed, with other bytes`,
    )
  }
  return fresh
}

function ask<M extends MethodName>(daemon: Daemon, method: M, params: Params<M>): Promise<Result<M>> {
  const run = daemon.handlers[method] as ((params: Params<M>, context: unknown) => Promise<Result<M>>) | undefined
  if (!run) throw new Error(`there is no ${method}`)
  return run(params, {
    signal: new AbortController().signal,
    client: { kind: 'cli', version: 'test' },
    progress: () => undefined,
  })
}
