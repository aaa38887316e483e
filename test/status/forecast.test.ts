// Where a bucket is heading: what is said of it, and that nothing is said while nothing is known.
import assert from 'node:assert/strict'
import { parseSize } from '../../helper/cli/bucket-options.js'
import { pricesFor } from '../../helper/offsite/storage-class.js'
import { bucketForecast, forecastWords, growthOf } from '../../helper/status/forecast.js'
import { studio } from '../offsite/support.js'
import { startDouble } from '../support/s3/double.js'
import { makeBucket } from '../support/s3/fixture.js'

const DAY = 24 * 3600_000
const NOW = Date.parse('2026-11-23T08:00:00Z')
const ago = (days: number, bytes: number) => ({ metMs: NOW - days * DAY, bytes })
/** An archive of 2 TB, and 90 GB since. */
const GROWTH = [ago(200, 2e12), ago(80, 30e9), ago(40, 30e9), ago(10, 30e9)]

describe('the forecast of a bucket', () => {
  it('goes by the last 90 days, by the last 30 where less is known, and by nothing where it is less than that', () => {
    assert.deepEqual(growthOf(GROWTH, NOW), { days: 90, bytes: 90e9 })
    assert.deepEqual(growthOf([ago(50, 2e12), ago(10, 5e9)], NOW), { days: 30, bytes: 5e9 })
    assert.equal(growthOf([ago(20, 2e12), ago(10, 5e9)], NOW), undefined, 'an archive that was just met is no growth')
    assert.equal(growthOf([], NOW), undefined)
    assert.equal(growthOf([ago(-5, 1e9)], NOW), undefined, 'what a clock that ran ahead has met says nothing')
  })

  it('says when what is allowed is full, and what it costs a month then', () => {
    const prices = pricesFor(undefined)
    assert.ok(prices)
    const { forecast } = bucketForecast({ bytes: 2e12, growth: GROWTH, quotaBytes: 2.3e12, prices, nowMs: NOW })
    assert.equal(forecast?.fullOn, new Date(NOW + 300 * DAY).toISOString().slice(0, 10))
    assert.equal(forecast.whenFullUsd, 52.9)
    assert.equal(forecast.inAYearUsd, 54.4)
    assert.equal(
      forecastWords(forecast, 2.3e12),
      'grows by about 30.4 GB a month by the last 90 days: in a year 2.4 TB and about $54.40 a month; the 2.3 TB that are allowed are full about 2027-09-19, at about $52.90 a month',
    )
  })

  it('names no date that is more than ten years ahead, and none in the past', () => {
    const of = (quotaBytes: number) => bucketForecast({ bytes: 2e12, growth: GROWTH, quotaBytes, nowMs: NOW }).forecast
    assert.equal(of(90e12)?.fullOn, undefined)
    assert.match(forecastWords(of(90e12) ?? assert.fail(), 90e12), /last for more than ten years/)
    assert.equal(of(1e12)?.fullOn, '2026-11-23')
    const still = bucketForecast({ bytes: 2e12, growth: [ago(200, 2e12)], quotaBytes: 3e12, nowMs: NOW }).forecast
    assert.deepEqual([still?.perMonthBytes, still?.fullOn], [0, undefined])
  })

  it('reads sizes as people write them', () => {
    assert.deepEqual(['2T', '500 GB', '1.5TiB', '7'].map(parseSize), [2e12, 500e9, 1.5 * 1024 ** 4, 7])
    for (const wrong of ['', 'much', '-2T', '2X', '0']) assert.throws(() => parseSize(wrong), { code: 'USAGE' })
  })

  it('stands in the status, with a word in time before it is full', async () => {
    const double = await startDouble('aws')
    const room = studio({ Old: { 'IMG_1.CR3': 40_000 } })
    try {
      const bucket = await makeBucket(double.url)
      const add = (quota?: number) =>
        room.call('place/add', {
          path: `s3://${bucket}/backup`,
          name: 'Cloud',
          bucket: { endpoint: double.url, ...(quota === undefined ? {} : { quota }) },
        })
      await add(1e12)
      await room.call('backup/run', { paths: [room.originals], to: [] })
      const inDays = (days: number) => ({ clock: () => Date.now() + days * DAY })
      const cloud = async (days: number) => (await room.call('place/list', {}, inDays(days))).places[0]
      assert.equal((await cloud(1))?.bucket?.forecast, undefined)
      const later = await cloud(40)
      assert.equal(later?.bucket?.quotaBytes, 1e12)
      assert.equal(later.bucket.forecast?.days, 30)
      assert.equal(later.totalBytes, 1e12)
      const notices = async () => (await room.call('status/get', {})).notices?.filter(({ kind }) => kind === 'full')
      assert.deepEqual(await notices(), [])
      await add(later.bucket.bytes)
      assert.match((await notices())?.[0]?.message ?? '', /"Cloud" has reached what is allowed there.*--quota/)
    } finally {
      room.remove()
      await double.close()
    }
  })
})
