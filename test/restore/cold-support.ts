// A photographer whose originals are gone and whose only copies lie in a cold class of storage.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { studio, type Studio } from '../offsite/support.js'
import { startDouble, type S3Double } from '../support/s3/double.js'
import { makeBucket, MIB } from '../support/s3/fixture.js'
import { contentsOf } from './support.js'

export interface ColdStudio {
  readonly double: S3Double
  readonly room: Studio
  readonly asShot: Record<string, string>
}

/** The place is called "Ice"; two of three files are cold there, and what was asked for is readable an hour later. */
export async function coldStudio(): Promise<ColdStudio> {
  const double = await startDouble('aws')
  const room = studio({ Wedding: { 'IMG_1.CR3': 3 * MIB, 'IMG_2.CR3': 2 * MIB, 'IMG_1.xmp': 'rating 1' } })
  const bucket = await makeBucket(double.url)
  await room.call('place/add', {
    path: `s3://${bucket}/backup`,
    name: 'Ice',
    bucket: { endpoint: double.url, storageClass: 'DEEP_ARCHIVE' },
  })
  const backedUp = await room.call('backup/run', { paths: [room.originals], to: [] })
  assert.equal(backedUp.exitCode, 0, backedUp.summary)
  const asShot = contentsOf(room.originals)
  fs.rmSync(room.originals, { recursive: true })
  return { double, room, asShot }
}

export function timesAsked({ requests }: S3Double): number {
  return requests.filter(({ operation }) => operation === 'RestoreObject').length
}

/** Of megabytes no difference is printed, but what the status says. */
export async function mustBeBack(room: Studio, asShot: ColdStudio['asShot'], at = room.originals): Promise<void> {
  const isBack = isDeepStrictEqual(contentsOf(at), asShot)
  assert.ok(isBack, JSON.stringify((await room.call('status/get', {})).fromCold))
}
