// Everything in the off-site room that decides without asking anybody: names, parts, locks, retries, limits, addresses, orphans.
// Long, because every decision is a table of cases.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { SafelightError } from '../../helper/errors.js'
import { formatBucketUrl, parseBucketUrl, parseEndpoint } from '../../helper/offsite/address.js'
import { newBucket, stepBytes, takeTokens } from '../../helper/offsite/limiter.js'
import { fulfils, planLock } from '../../helper/offsite/lock.js'
import { objectKey, ownPrefix, pathOfKey } from '../../helper/offsite/names.js'
import { STALE_AFTER_MS, planOrphans } from '../../helper/offsite/orphans.js'
import { afterAnswer, afterSilence, newPatience } from '../../helper/offsite/patience.js'
import { SOCKET_TIMEOUT_MS } from '../../helper/offsite/s3-client.js'
import { PartBuffers } from '../../helper/offsite/part-buffers.js'
import { multipartEtag, partRanges, partSizeFor } from '../../helper/offsite/parts.js'
import { DEFAULT_RETRY, decideRetry, type FaultKind } from '../../helper/offsite/s3-retry.js'
import { isSamePart } from '../../helper/offsite/send-parts.js'

const MIB = 1024 * 1024
const HOUR = 3_600_000
const DAY = 24 * HOUR
const SPACE = { prefix: 'photos', machineId: 'm1' }

const refusal = (code: string) => (error: unknown) => error instanceof SafelightError && error.code === code

describe('memory for parts', () => {
  it('is a fixed number of pieces: who comes later waits until one is given back or let go', async () => {
    const buffers = new PartBuffers()
    const first = await Promise.all(Array.from({ length: 6 }, () => buffers.take(16 * MIB)))
    const got: Buffer[] = []
    const later = [1, 2].map(() => buffers.take(5 * MIB).then((piece) => got.push(piece)))
    assert.equal((await buffers.take(1000)).length, 1000, 'small ones wait for nothing')
    assert.equal(got.length, 0)
    const [used, lost] = first
    assert.ok(used && lost)
    buffers.giveBack(used)
    await later[0]
    assert.deepEqual([got.length, got[0]?.length, got[0]?.buffer === used.buffer], [1, 5 * MIB, true])
    buffers.letGo(lost)
    await later[1]
    assert.notEqual(got[1]?.buffer, lost.buffer, 'what may still be on its way is nobody else’s')
  })
})

describe('the names of objects', () => {
  it('leave an ordinary path as it is, so that any S3 client fetches it by its own name', () => {
    assert.equal(
      objectKey(SPACE, 'Photos/2026-11-14 Hochzeit Müller/IMG_0412 (1).CR3'),
      'photos/m1/Photos/2026-11-14 Hochzeit Müller/IMG_0412 (1).CR3',
    )
    assert.equal(objectKey({ ...SPACE, prefix: '' }, 'a 📷.jpg'), 'm1/a 📷.jpg')
    assert.equal(objectKey(SPACE, '100%.jpg'), 'photos/m1/100%.jpg')
  })

  it('map what stores mangle to something that none of them touches', () => {
    assert.equal(objectKey(SPACE, '../.'), 'photos/m1/%2E%2E/%2E')
    assert.equal(objectKey(SPACE, 'shoot /IMG .jpg '), 'photos/m1/shoot%20/IMG .jpg%20')
    assert.equal(objectKey(SPACE, 'a\nb\\c\u0001'), 'photos/m1/a%0Ab%5Cc%01')
    assert.equal(objectKey(SPACE, '100%25.jpg'), 'photos/m1/100%2525.jpg')
  })

  it('come back as exactly the path that was stored, whatever characters it has', () => {
    const nasty = fc.constantFrom(
      '%',
      '%2',
      '%25',
      '..',
      '.',
      ' ',
      '\\',
      '\n',
      '\u2028',
      '\ufffe',
      '📷',
      'é',
      'e\u0301',
      '+',
      '&',
      '<',
      '?',
      '#',
      '*',
    )
    const segment = fc
      .array(fc.oneof(nasty, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 })), {
        minLength: 1,
        maxLength: 8,
      })
      .map((pieces) => pieces.join('').replaceAll('/', '_'))
      .filter((text) => text !== '')
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), (segments) => {
        const path = segments.join('/')
        const key = objectKey(SPACE, path)
        assert.equal(pathOfKey(SPACE, key), path)
        assert.ok(!/\p{Cc}|\\|\/\/|\/\.{1,2}(\/|$)| (\/|$)|\/ /u.test(key), key)
      }),
      { numRuns: 2000 },
    )
  })

  it('never give two paths the same object', () => {
    const letter = fc.constantFrom('%', '2', '5', 'E', '.', ' ', '\\', 'a')
    const path = fc.array(letter, { minLength: 1, maxLength: 6 }).map((letters) => letters.join(''))
    fc.assert(
      fc.property(path, path, (a, b) => a === b || objectKey(SPACE, a) !== objectKey(SPACE, b)),
      { numRuns: 5000 },
    )
  })

  it('are refused in words when no store can hold them', () => {
    for (const path of ['', 'a//b', '/a', 'a/', 'x'.repeat(1020), 'a\ud800b'])
      assert.throws(() => objectKey(SPACE, path), refusal('OFFSITE_REFUSED'), JSON.stringify(path))
    assert.equal(objectKey(SPACE, 'x'.repeat(1024 - 'photos/m1/'.length)).length, 1024)
    assert.throws(() => objectKey(SPACE, 'ä'.repeat(508)), /would be 1026 bytes long/)
  })

  it('of other programs, and directory markers, are not taken for ours', () => {
    for (const key of [
      'photos/m10/a',
      'photos/m1',
      'photos/m1/',
      'photos/m1/dir/',
      'photos/m1/a//b',
      'photos/m1/a%41',
      'other/m1/a',
    ])
      assert.equal(pathOfKey(SPACE, key), undefined, key)
    assert.equal(ownPrefix(SPACE), 'photos/m1/')
  })
})

describe('an address', () => {
  it('is taken apart into bucket and prefix', () => {
    assert.deepEqual(parseBucketUrl('s3://my-photos'), { bucket: 'my-photos', prefix: '' })
    assert.deepEqual(parseBucketUrl('s3://my-photos/a/b/'), { bucket: 'my-photos', prefix: 'a/b' })
    assert.equal(formatBucketUrl({ bucket: 'my-photos', prefix: 'a/b' }), 's3://my-photos/a/b')
  })

  it('that means nothing is refused in words', () => {
    for (const text of [
      'my-photos',
      'http://my-photos',
      's3://',
      's3://x',
      's3://a b',
      's3://bucket/a//b',
      's3://bucket/../x',
      's3://bucket/a /b',
    ])
      assert.throws(() => parseBucketUrl(text), refusal('OFFSITE_ADDRESS'), text)
  })

  it('without TLS is refused unless it is this computer or was asked for by name', () => {
    assert.throws(() => parseEndpoint('http://nas.local:9000'), /unencrypted/)
    assert.equal(parseEndpoint('http://nas.local:9000', { allowPlainHttp: true }).host, 'nas.local:9000')
    for (const own of ['http://127.0.0.1:7480', 'http://localhost:9000', 'http://[::1]:9000', 'https://s3.example.com'])
      assert.ok(parseEndpoint(own), own)
    assert.throws(() => parseEndpoint('http://127.0.0.1.example.com'), /unencrypted/)
  })

  it('with a secret, a path or nonsense in it is refused', () => {
    for (const text of [
      'https://key:secret@s3.example.com',
      'https://s3.example.com/bucket',
      's3.example.com',
      'ftp://x',
    ])
      assert.throws(() => parseEndpoint(text), refusal('OFFSITE_ADDRESS'), text)
    assert.throws(
      () => parseEndpoint('https://key:hunter2@s3.example.com'),
      (error) => error instanceof SafelightError && !`${error.message}${error.remedy}`.includes('hunter2'),
    )
  })
})

describe('the parts of an upload', () => {
  it('are 16 MiB, and larger only when 9,000 of them would not do', () => {
    assert.equal(partSizeFor(0), 16 * MIB)
    assert.equal(partSizeFor(9000 * 16 * MIB), 16 * MIB)
    assert.equal(partSizeFor(9000 * 16 * MIB + 1), 17 * MIB)
    assert.ok((5 * 1024 ** 4) / partSizeFor(5 * 1024 ** 4) <= 9000)
  })

  it('cover every byte once, all of one size but the last', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 * MIB }), fc.integer({ min: 1, max: 20 }), (size, mib) => {
        const ranges = partRanges(size, mib * MIB)
        let at = 0
        for (const [index, range] of ranges.entries()) {
          assert.equal(range.number, index + 1)
          assert.equal(range.offsetBytes, at)
          at += range.sizeBytes
          assert.ok(range.sizeBytes > 0 && (index === ranges.length - 1 || range.sizeBytes === mib * MIB))
        }
        assert.equal(at, size)
      }),
    )
  })

  it('have the ETag that S3 gives for them together', () => {
    const md5 = (text: string) => createHash('md5').update(text).digest()
    const expected = createHash('md5')
      .update(Buffer.concat([md5('a'), md5('b')]))
      .digest('hex')
    assert.equal(multipartEtag([md5('a'), md5('b')]), `${expected}-2`)
  })

  it('are only used again when they can be these very bytes', () => {
    const range = { number: 1, offsetBytes: 0, sizeBytes: 10 }
    const there = { number: 1, sizeBytes: 10, etag: 'aa' }
    assert.ok(isSamePart(there, range, 'aa', [], { etagIsMd5: true }))
    assert.ok(!isSamePart(there, range, 'bb', [], { etagIsMd5: true }))
    assert.ok(!isSamePart({ ...there, sizeBytes: 9 }, range, 'aa', [], { etagIsMd5: true }))
    const sent = { number: 1, sizeBytes: 10, md5: 'bb', etag: 'aa' }
    assert.ok(isSamePart(there, range, 'bb', [sent], { etagIsMd5: false }), 'an opaque ETag that the ledger knows')
    assert.ok(!isSamePart(there, range, 'cc', [sent], { etagIsMd5: false }), 'other bytes now')
    assert.ok(!isSamePart(there, range, 'bb', [], { etagIsMd5: false }), 'nothing known')
  })
})

describe('a lock', () => {
  const now = Date.UTC(2026, 10, 23)
  const wish = { mode: 'COMPLIANCE', retentionMs: 30 * DAY } as const

  it('that is missing or has run out is set', () => {
    const asked = { kind: 'set', lock: { mode: 'COMPLIANCE', untilMs: now + 30 * DAY } }
    assert.deepEqual(planLock(undefined, wish, now), asked)
    assert.deepEqual(planLock({ mode: 'COMPLIANCE', untilMs: now - 1 }, wish, now), asked)
  })

  it('with nearly all its time left is left alone, and lengthened after a tenth', () => {
    assert.deepEqual(planLock({ mode: 'COMPLIANCE', untilMs: now + 28 * DAY }, wish, now), { kind: 'none' })
    assert.equal(planLock({ mode: 'COMPLIANCE', untilMs: now + 26 * DAY }, wish, now).kind, 'extend')
  })

  it('is strengthened, never weakened and never shortened', () => {
    const weak = planLock({ mode: 'GOVERNANCE', untilMs: now + 90 * DAY }, wish, now)
    assert.deepEqual(weak, { kind: 'strengthen', lock: { mode: 'COMPLIANCE', untilMs: now + 90 * DAY } })
    fc.assert(
      fc.property(
        fc.constantFrom('GOVERNANCE', 'COMPLIANCE'),
        fc.integer({ min: 1, max: 400 }),
        fc.constantFrom('GOVERNANCE', 'COMPLIANCE'),
        fc.integer({ min: 1, max: 400 }),
        (mode, leftDays, wished, days) => {
          const current = { mode, untilMs: now + leftDays * DAY } as const
          const plan = planLock(current, { mode: wished, retentionMs: days * DAY }, now)
          if (plan.kind === 'none') return
          assert.ok(plan.lock.untilMs >= current.untilMs)
          assert.ok(mode === 'GOVERNANCE' || plan.lock.mode === 'COMPLIANCE')
        },
      ),
    )
  })

  it('counts as set only when the store says so itself', () => {
    const asked = { mode: 'COMPLIANCE', untilMs: now + DAY } as const
    assert.ok(fulfils({ ...asked }, asked))
    assert.ok(fulfils({ ...asked, untilMs: asked.untilMs - 999 }, asked), 'stores keep whole seconds')
    assert.ok(!fulfils(undefined, asked))
    assert.ok(!fulfils({ ...asked, mode: 'GOVERNANCE' }, asked))
    assert.ok(!fulfils({ ...asked, untilMs: now }, asked))
  })
})

describe('another try', () => {
  const decide = (kind: FaultKind, attempt = 1, corrected = false) =>
    decideRetry({ kind }, attempt, 0.5, corrected).kind

  it('is made for whatever passes by itself, and for nothing else', () => {
    for (const kind of ['network', 'timeout', 'busy', 'checksum'] as const) assert.equal(decide(kind), 'retry', kind)
    for (const kind of [
      'denied',
      'forbidden',
      'full',
      'suspended',
      'address',
      'cold',
      'not-found',
      'refused',
      'tls',
    ] as const)
      assert.equal(decide(kind), 'give-up', kind)
  })

  it('is bounded in number and in waiting', () => {
    assert.equal(decide('busy', DEFAULT_RETRY.attempts), 'give-up')
    for (let attempt = 1; attempt < 6; attempt++) {
      const longest = decideRetry({ kind: 'busy' }, attempt, 0.999, false)
      assert.ok(longest.kind === 'retry' && longest.afterMs <= 1000 * 2 ** (attempt - 1))
    }
    const asked = decideRetry({ kind: 'busy', retryAfterMs: 3_600_000 }, 1, 0, false)
    assert.deepEqual(asked, { kind: 'retry', afterMs: DEFAULT_RETRY.longestDelayMs }, 'Retry-After, within reason')
  })

  it('follows a wrong clock once', () => {
    assert.equal(decide('clock'), 'retry')
    assert.equal(decide('clock', 2, true), 'give-up')
  })
})

describe('patience with a silent connection', () => {
  it('begins under a minute, doubles with each silence up to a bound, and is short again after a quick body', () => {
    let patience = newPatience(SOCKET_TIMEOUT_MS)
    assert.ok(patience.nowMs < 60_000)
    const waits = Array.from({ length: 5 }, () => (patience = afterSilence(patience, patience.nowMs)).nowMs)
    assert.deepEqual(waits, [90_000, 180_000, 360_000, 360_000, 360_000])
    const together = [1, 2, 3, 4].reduce((each) => afterSilence(each, 45_000), newPatience(45_000))
    assert.equal(together.nowMs, 90_000, 'four parts that fall silent together are one silence')
    assert.equal(afterAnswer(patience, 50_000).nowMs, 360_000, 'a slow line stays a slow line')
    assert.equal(afterAnswer(patience, 5_000).nowMs, SOCKET_TIMEOUT_MS)
  })
})

describe('the bandwidth limit', () => {
  it('lets through what it says, whatever the sizes of the pieces', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1000, max: 20 * MIB }),
        fc.array(fc.integer({ min: 1, max: 256 * 1024 }), { minLength: 50, maxLength: 200 }),
        (rate, pieces) => {
          let bucket = newBucket(rate, 0)
          let now = 0
          for (const bytes of pieces) {
            const taken = takeTokens(bucket, bytes, now)
            bucket = taken.bucket
            now += taken.waitMs
          }
          const sum = pieces.reduce((total, bytes) => total + bytes, 0)
          assert.ok(Math.abs((now / 1000) * rate - sum) <= 1 + sum * 0.01, `${now} ms`)
        },
      ),
    )
  })

  it('does not make up for a pause with a flood, nor stop when the clock goes back', () => {
    const after = takeTokens(newBucket(1000, 0), 1000, DAY)
    assert.equal(after.waitMs, 900, 'a tenth of a second is free, the rest is waited for')
    assert.equal(takeTokens(newBucket(1000, DAY), 500, 0).waitMs, 500)
  })

  it('moves in steps that suit the line', () => {
    assert.equal(stepBytes(100 * MIB), 256 * 1024)
    assert.equal(stepBytes(125_000), 12_500)
    assert.equal(stepBytes(1), 1024)
  })
})

describe('the orphan sweep', () => {
  const now = 100 * DAY
  const upload = (key: string, uploadId: string, initiatedMs?: number) => ({
    key,
    uploadId,
    ...(initiatedMs === undefined ? {} : { initiatedMs }),
  })

  it('takes uploads of ours that are old or known for lost and that nobody is working on, and nothing else', () => {
    const found = [
      upload('p/m1/old', '1', now - STALE_AFTER_MS),
      upload('p/m1/working', '2', now - 30 * DAY),
      upload('p/m1/young', '3', now - HOUR),
      upload('p/m1/undated', '4'),
      upload('p/m10/other machine', '5', now - 30 * DAY),
      upload('someone else', '6', now - 30 * DAY),
      upload('p/m1/lost', '7', now),
      upload('p/m1/lost', '8', now),
      upload('p/m10/lost', '9', now),
    ]
    const known = { openIds: new Set(['2', '8']), lostKeys: new Set(['p/m1/lost', 'p/m10/lost']) }
    const plan = planOrphans(found, 'p/m1/', known, now)
    assert.deepEqual(
      plan.abort.map(({ uploadId }) => uploadId),
      ['1', '7'],
    )
    assert.deepEqual(
      plan.keep.map(({ uploadId }) => uploadId),
      ['2', '3', '4', '8'],
    )
    assert.deepEqual(
      plan.foreign.map(({ uploadId }) => uploadId),
      ['5', '6', '9'],
    )
  })
})
