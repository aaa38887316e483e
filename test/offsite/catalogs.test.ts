// Lightroom's catalogs off-site: the newest backup goes up with what belongs to it, whole or not at all, and not twice.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { CatalogBackupRow } from '../../helper/journal/catalog-backups.js'
import { catalogsToSend } from '../../helper/offsite/send-catalogs.js'
import { makeCatalog, makeCatalogData } from '../support/catalog.js'
import { startDouble, type S3Double } from '../support/s3/double.js'
import { makeBucket } from '../support/s3/fixture.js'
import { below, studio, type Studio } from './support.js'

describe('a catalog backup with a bucket', () => {
  let double: S3Double
  let room: Studio
  let bucket: string

  before(async () => {
    double = await startDouble('aws')
    room = studio({ 'IMG_1.CR3': 5_000 })
    bucket = await makeBucket(double.url, { versioned: true })
    await room.call('place/add', { path: room.drive })
    await room.call('place/add', { path: `s3://${bucket}/backup`, name: 'Cloud', bucket: { endpoint: double.url } })
  })
  after(async () => {
    room.remove()
    await double.close()
  })

  it('goes up with its data, catalog.json last, and gunzip gives its exact bytes', async () => {
    const catalog = path.join(room.root, 'Lightroom', 'Wedding.lrcat')
    fs.mkdirSync(path.dirname(catalog))
    makeCatalog(catalog, { roots: {} })
    makeCatalogData(catalog, { '000012.blob': 'mask' })
    double.requests.length = 0
    const result = await room.call('catalog/backup', { catalog })
    assert.deepEqual(
      result.places.map(({ place, state }) => [place, state]),
      [
        ['drive', 'stored'],
        ['Cloud', 'stored'],
      ],
    )
    const tree = await room.tree(double.url, bucket, 'backup')
    const names = below(tree, 'Catalogs/Wedding')
    const packed = names.find((name) => name.endsWith('.lrcat.gz')) ?? ''
    assert.ok(gunzipSync(tree.get(packed) ?? '').equals(fs.readFileSync(catalog)))
    assert.ok(names.some((name) => name.startsWith('Catalogs/Wedding/data/000012.blob.')))
    const puts = double.requests.filter(({ operation }) => operation === 'PutObject').map(({ key }) => key)
    assert.match(puts.at(-1) ?? '', /catalog\.json$/)

    double.requests.length = 0
    await room.call('catalog/backup', { catalog })
    assert.deepEqual(
      double.requests.filter(({ operation }) => operation === 'PutObject'),
      [],
    )
  })

  it('is the newest that is not bad, of each catalog, that a drive here has and the bucket has not', () => {
    const row = (stamp: string, more: Partial<CatalogBackupRow> = {}): CatalogBackupRow => ({
      placeId: 'drive',
      name: 'Wedding',
      stamp,
      catalog: '/Wedding.lrcat',
      takenMs: Number(stamp),
      verdict: 'good',
      reasons: [],
      counts: {},
      hash: stamp,
      state: '',
      ...more,
    })
    const chosen = (...rows: CatalogBackupRow[]): string[] =>
      catalogsToSend(rows, 'bucket', new Set(['drive'])).map(({ stamp }) => stamp)
    assert.deepEqual(chosen(row('1'), row('3'), row('2')), ['3'])
    assert.deepEqual(chosen(row('1'), row('2', { verdict: 'bad' })), ['1'])
    assert.deepEqual(chosen(row('1'), row('2'), row('9', { placeId: 'bucket', hash: '2' })), [])
    assert.deepEqual(chosen(row('1', { placeId: 'away' })), [])
    assert.deepEqual(chosen(row('1'), row('2', { catalog: '/Other.lrcat', name: 'Other' })), ['1', '2'])
  })
})
