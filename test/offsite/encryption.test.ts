// Encryption for off-site copies, checked with the age of the operating system where it is installed.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { SafelightError, type ErrorCode } from '../../helper/errors.js'
import { hashBytes } from '../../helper/files/hash.js'
import {
  decryptFile,
  dropSpooled,
  generateAgeKey,
  spoolEncrypted,
  type AgeKey,
} from '../../helper/offsite/encryption.js'
import { costsOf } from '../../helper/status/buckets.js'
import { costWords } from '../../helper/status/cost-words.js'
import { PRICES, estimateCosts, pricesFor, storageClassFor } from '../../helper/offsite/storage-class.js'
import { startDouble } from '../support/s3/double.js'
import {
  HASH,
  MIB,
  bytesOf,
  makeBucket,
  openTestStore,
  readAll,
  setTestCredentials,
  testFolder,
  uploadBench,
  type TestFolder,
} from '../support/s3/fixture.js'

const failsWith = (code: ErrorCode) => (error: unknown) => error instanceof SafelightError && error.code === code

describe('encryption', () => {
  let folder: TestFolder
  let machine: AgeKey
  let recovery: AgeKey
  const bytes = bytesOf(300_000)
  const hash = hashBytes(HASH, bytes)

  before(async () => {
    machine = await generateAgeKey()
    recovery = await generateAgeKey()
  })
  beforeEach(() => {
    folder = testFolder()
  })
  afterEach(() => folder.remove())
  const spool = (file: string, reference = hash) =>
    spoolEncrypted(file, reference, [machine.recipient, recovery.recipient], join(folder.path, 'spool'))

  it('gives each of the two keys the whole file back, and the empty one too', async () => {
    for (const content of [bytes, Buffer.alloc(0)]) {
      const reference = hashBytes(HASH, content)
      const spooled = await spool(folder.file('a.CR3', content), reference)
      assert.equal(hashBytes(HASH, readFileSync(spooled.file)), spooled.blake3)
      assert.ok(content.length === 0 || !readFileSync(spooled.file).includes(content.subarray(1000, 1032)))
      for (const [name, { identity }] of Object.entries({ machine, recovery })) {
        const to = join(folder.path, `${name}-${content.length}`)
        await decryptFile(spooled.file, to, reference, [identity])
        assert.deepEqual(readFileSync(to), content)
      }
    }
  })

  it('is opened by the age of the operating system', async function () {
    const { exitCode } = await execa('age', ['--version'], { reject: false })
    if (exitCode !== 0) {
      process.stderr.write(
        '\n!!! NOT TESTED WITH THE SYSTEM’S age: it is not installed (Debian: apt-get install age)\n\n',
      )
      this.skip()
    }
    const spooled = await spool(folder.file('a.CR3', bytes))
    for (const { identity } of [machine, recovery]) {
      const key = folder.file('key.txt', Buffer.from(`${identity}\n`))
      const { stdout } = await execa('age', ['-d', '-i', key, spooled.file], { encoding: 'buffer' })
      assert.ok(Buffer.from(stdout).equals(bytes))
    }
  })

  it('opens what the age of the operating system has made', async function () {
    const { exitCode } = await execa('age', ['--version'], { reject: false })
    if (exitCode !== 0) this.skip()
    const made = join(folder.path, 'made.age')
    await execa('age', ['-r', machine.recipient, '-o', made, folder.file('a', bytes)])
    await decryptFile(made, join(folder.path, 'back'), hash, [machine.identity])
    assert.deepEqual(readFileSync(join(folder.path, 'back')), bytes)
  })

  it('after a crash uses the same ciphertext again, because a second one would differ', async () => {
    const file = folder.file('a.CR3', bytes)
    const first = await spool(file)
    const ciphertext = readFileSync(first.file)
    assert.deepEqual(await spool(file), first)
    assert.deepEqual(readFileSync(first.file), ciphertext)
    await dropSpooled(first)
    const second = await spool(file)
    assert.notEqual(second.blake3, first.blake3, 'this is why')
    assert.equal(second.sizeBytes, first.sizeBytes)
  })

  it('does not trust a spooled file that was cut short', async () => {
    const file = folder.file('a.CR3', bytes)
    const first = await spool(file)
    truncateSync(first.file, 1000)
    const second = await spool(file)
    await decryptFile(second.file, join(folder.path, 'back'), hash, [recovery.identity])
  })

  it('refuses a file that does not have the bytes of its reference hash, and leaves nothing', async () => {
    await assert.rejects(spool(folder.file('a.CR3', Buffer.from('rotten'))), failsWith('COPY_DIFFERS'))
    assert.deepEqual(readdirSync(join(folder.path, 'spool')), [])
  })

  it('refuses fewer than two recipients', async () => {
    const file = folder.file('a.CR3', bytes)
    for (const recipients of [
      [],
      [machine.recipient],
      [machine.recipient, machine.recipient],
      [machine.recipient, machine.identity],
    ])
      await assert.rejects(spoolEncrypted(file, hash, recipients, folder.path), (error) => {
        assert.ok(error instanceof SafelightError && error.code === 'CONFIG_INVALID')
        assert.ok(!`${error.message}${error.remedy}`.includes('AGE-SECRET'))
        return true
      })
  })

  it('lets no damaged, shortened or foreign file reach its name', async () => {
    const spooled = await spool(folder.file('a.CR3', bytes))
    const whole = readFileSync(spooled.file)
    const flipped = Buffer.from(whole)
    flipped[250_000] = (flipped[250_000] ?? 0) ^ 1
    const stranger = await generateAgeKey()
    const cases = [
      ['flipped', flipped, machine.identity, 'COPY_DIFFERS'],
      ['shortened', whole.subarray(0, 200_000), machine.identity, 'COPY_DIFFERS'],
      ['foreign key', whole, stranger.identity, 'OFFSITE_DENIED'],
    ] as const
    for (const [name, content, identity, code] of cases) {
      const to = join(folder.path, `out ${name}`)
      await assert.rejects(decryptFile(folder.file(name, content), to, hash, [identity]), failsWith(code), name)
    }
    assert.ok(readdirSync(folder.path).every((name) => !name.startsWith('out')))
    const there = folder.file('there', Buffer.from('mine'))
    await assert.rejects(decryptFile(spooled.file, there, hash, [machine.identity]), failsWith('NAME_TAKEN'))
    assert.equal(readFileSync(there, 'utf8'), 'mine')
  })

  it('and a broken upload never mix two ciphertexts', async () => {
    setTestCredentials()
    const double = await startDouble('aws')
    const store = openTestStore(double.url, await makeBucket(double.url))
    const bench = uploadBench(store, folder)
    const content = bytesOf(12 * MIB)
    const reference = hashBytes(HASH, content)
    const file = folder.file('a.CR3', content)
    const send = async () => {
      const spooled = await spool(file, reference)
      const { mtimeMs } = await (await import('node:fs/promises')).stat(spooled.file)
      return bench.upload(
        { key: 'a.CR3.age', sizeBytes: spooled.sizeBytes, mtimeMs, blake3: spooled.blake3 },
        spooled.file,
      )
    }
    double.faults.plan('CompleteMultipartUpload', { kind: 'status', status: 503, code: 'SlowDown' }, 6)
    await assert.rejects(send())
    assert.equal((await send()).reusedParts, 3)
    const fetched = join(folder.path, 'fetched.age')
    writeFileSync(fetched, await readAll(store, 'a.CR3.age'))
    await decryptFile(fetched, join(folder.path, 'back.CR3'), reference, [recovery.identity])
    store.close()
    await double.close()
  })
})

describe('storage classes', () => {
  it('let only large originals be cold, never what is needed to know what there is', () => {
    const large = 30 * MIB
    assert.equal(storageClassFor('Photos/shoot/IMG_1.CR3', large, 'DEEP_ARCHIVE'), 'DEEP_ARCHIVE')
    for (const path of [
      'Photos/shoot/safelight.b3',
      'Photos/shoot/safelight-log.jsonl',
      'Photos/shoot/IMG_1.XMP',
      'Catalogs/c/2026-11-23 0900/c.lrcat.gz',
      'place.json',
      'chain.jsonl',
      'HOW-TO-RESTORE.txt',
    ])
      assert.equal(storageClassFor(path, large, 'DEEP_ARCHIVE'), undefined, path)
    assert.equal(storageClassFor('Photos/shoot/small.jpg', 1000, 'GLACIER'), undefined)
    assert.equal(storageClassFor('Photos/shoot/safelight.b3', 1000, 'STANDARD_IA'), 'STANDARD_IA')
  })

  it('have costs that include the way home', () => {
    const deep = PRICES.find(({ id }) => id === 'aws-deep-archive')
    assert.ok(deep)
    const estimate = estimateCosts(deep, 2e12, 131_072)
    assert.equal(estimate.perMonthUsd, 1.98)
    assert.equal(estimate.getBackUsd.cheapest, 185)
    assert.equal(estimate.waitHours.cheapest, 48)
    const wasabi = PRICES.find(({ id }) => id === 'wasabi')
    assert.ok(wasabi)
    assert.equal(estimateCosts(wasabi, 1e9, 10).perMonthUsd, 7.99, 'a terabyte is billed at least')
  })

  it('are priced by where the bucket lies, and not at all where no list is known', () => {
    assert.equal(pricesFor(undefined, 'DEEP_ARCHIVE')?.id, 'aws-deep-archive')
    assert.equal(pricesFor('https://s3.eu-central-003.backblazeb2.com')?.id, 'backblaze-b2')
    assert.equal(pricesFor('https://0a1b.r2.cloudflarestorage.com')?.id, 'r2-standard')
    for (const endpoint of ['http://nas.local:9000', 'https://notbackblazeb2.com', 'nonsense'])
      assert.equal(pricesFor(endpoint), undefined, endpoint)
    assert.equal(pricesFor(undefined, 'A_CLASS_OF_NEXT_YEAR'), undefined)
    const { costs } = costsOf(pricesFor(undefined), 2e12, 1e12)
    assert.ok(costs)
    assert.equal(
      costWords(costs),
      'costs about $46.00 a month ($69.00 with what waits), and $180.00 to bring all of it home: Amazon S3 Standard, list prices of 2026-11, without earlier versions',
    )
    assert.deepEqual(costsOf(pricesFor('http://nas.local'), 1e12, 0), {})
  })
})
