// Names that say nothing: every name comes back, only with its key, by our own code and by openssl; and a bucket that hides them tells a stranger
// nothing, and an owner without Safelight everything.
import assert from 'node:assert/strict'
import { createDecipheriv } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { execa } from 'execa'
import { forgetPlace, listPlaces } from '../../helper/journal/places.js'
import { hideName, newNameKey, showName, unwrapNameKey, wrapNameKey } from '../../helper/offsite/hidden-names.js'
import { generateAgeKey } from '../../helper/offsite/encryption.js'
import { inPlainNames, objectKey, pathOfKey, type KeySpace } from '../../helper/offsite/names.js'
import { makeBucket, openTestStore, readAll } from '../support/s3/fixture.js'
import { makeFile, readTree } from '../support/shoots.js'
import { putOf } from './store-contract.js'
import { doubleFor, offsiteOf, studio, type Studio } from './support.js'

const KEY = newNameKey()
const SPACE: KeySpace = { prefix: 'backup', machineId: 'vm-1', nameKey: KEY }

describe('a hidden name', () => {
  const paths = fc
    .array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.map((part) => part.replaceAll(/[/\0]/g, '_')).join('/'))

  it('comes back, whatever it is, and is always the same', () => {
    fc.assert(
      fc.property(paths, (name) => {
        for (const each of [name, `${name}.age`]) {
          const key = objectKey(SPACE, each)
          assert.equal(pathOfKey(SPACE, key), each)
          assert.equal(objectKey(SPACE, each), key)
          assert.match(key, /^backup\/vm-1\/hidden\/[\w/-]+(\.age)?$/)
        }
      }),
    )
  })

  it('is nothing to another key, and nothing when one letter of it is another', () => {
    const token = hideName(KEY, 'Photos/Wedding/IMG_1.CR3')
    assert.equal(showName(newNameKey(), token), undefined)
    for (let at = 0; at < token.length; at++) {
      const letter = token[at] === 'A' ? 'B' : 'A'
      assert.equal(showName(KEY, token.slice(0, at) + letter + token.slice(at + 1)), undefined)
    }
    for (const odd of ['', 'A', token.slice(4), `${token}AAAA`, `${token}=`, token.replace(/.$/, '/')])
      assert.equal(showName(KEY, odd), undefined)
  })

  it('tells neither a common folder nor, to the letter, a length', () => {
    const [one = '', other = ''] = ['Photos/Wedding/IMG_1.CR3', 'Photos/Wedding/IMG_10.CR3'].map((name) =>
      hideName(KEY, name),
    )
    assert.equal(one.length, other.length)
    assert.notEqual(one.slice(0, 8), other.slice(0, 8))
  })

  it('is AES-256-CTR under the first 16 bytes of the token', () => {
    const bytes = Buffer.from(hideName(KEY, 'Photos/Été 🎞.jpg'), 'base64url')
    const decipher = createDecipheriv('aes-256-ctr', Buffer.from(KEY, 'hex'), bytes.subarray(0, 16))
    assert.equal(decipher.update(bytes.subarray(16)).toString('utf8').replaceAll('\0', ''), 'Photos/Été 🎞.jpg')
  })

  it('has no part that a disk could not hold, and none that is too long for a store', () => {
    const key = objectKey(SPACE, `Photos/${'Übergabe '.repeat(60)}`.trimEnd())
    assert.ok(key.split('/').every((part) => part.length <= 200))
    assert.throws(() => objectKey(SPACE, 'x'.repeat(800)), /1024 is the limit/)
  })

  it('leaves what tells a stranger whose place this is, and reads no name that it would not have given', () => {
    for (const plain of ['place.json', 'HOW-TO-RESTORE.txt', 'status.json', 'names-key.age'])
      assert.equal(objectKey(SPACE, plain), `backup/vm-1/${plain}`)
    const { nameKey, ...plain } = SPACE
    assert.equal(nameKey, KEY)
    for (const key of [objectKey(plain, 'Photos/a.CR3'), 'backup/vm-1/hidden/AAAA', 'backup/vm-1/hidden/'])
      assert.notEqual(pathOfKey(SPACE, key), 'a.CR3', key)
    assert.equal(pathOfKey(SPACE, 'backup/vm-1/hidden/AAAA'), undefined)
  })

  it('is the name of the file in what is said of it', () => {
    const key = objectKey(SPACE, 'Photos/Wedding/IMG_1.CR3.age')
    assert.equal(
      inPlainNames(SPACE, `${key} was sent, but ${key}, too, is not there; backup/vm-1/hidden/nothing.`),
      'Photos/Wedding/IMG_1.CR3.age was sent, but Photos/Wedding/IMG_1.CR3.age, too, is not there; backup/vm-1/hidden/nothing.',
    )
  })

  it('has a key that only those open who can read the pictures', async () => {
    const [mine, paper, other] = [await generateAgeKey(), await generateAgeKey(), await generateAgeKey()]
    const wrapped = await wrapNameKey(KEY, [mine.recipient, paper.recipient])
    assert.equal(await unwrapNameKey(wrapped, mine.identity), KEY)
    assert.equal(await unwrapNameKey(wrapped, paper.identity), KEY)
    assert.equal(await unwrapNameKey(wrapped, other.identity), undefined)
    assert.equal(await unwrapNameKey('nonsense', mine.identity), undefined)
  })
})

describe('a bucket that hides its names', () => {
  const double = doubleFor('aws')
  let room: Studio
  let bucket: string
  let recoveryKey: string

  beforeEach(async () => {
    room = studio({
      'Annabelle & Benedict': {
        'Ceremony_1.CR3': 70_000,
        'Ceremony_1.xmp': 'rating 1',
        Fireworks: { 'Été 🎞.jpg': 400 },
      },
    })
    bucket = await makeBucket(double().url, { lock: true })
    const added = await room.call('place/add', {
      path: `s3://${bucket}/backup`,
      name: 'Cloud',
      bucket: { endpoint: double().url, encrypt: true, hideNames: true },
    })
    recoveryKey = added.recoveryKey ?? ''
    assert.equal(added.place.bucket?.hidesNames, true)
  })
  afterEach(() => room.remove())

  const backUp = async () => {
    const result = await room.call('backup/run', { paths: [room.originals], to: [] })
    assert.equal(result.exitCode, 0, result.summary)
    return offsiteOf(result)
  }
  const edit = (): void =>
    makeFile(path.join(room.originals, 'Annabelle & Benedict/Ceremony_1.xmp'), {
      bytes: 'rating 5',
      mtime: '2026-03-01T00:00:00Z',
    })

  it('says nothing of them to whoever reads all of it', async () => {
    assert.equal((await backUp()).confirmed, 3)
    edit()
    await backUp()
    const said = [...(await room.tree(double().url, bucket, 'backup'))].map(
      ([key, bytes]) => `${key}\n${bytes.toString('latin1')}`,
    )
    const metadata = [...(double().state.buckets.get(bucket)?.objects ?? [])].map((each) => JSON.stringify(each))
    for (const text of [...said, ...metadata])
      for (const secret of ['Annabelle', 'Benedict', 'Ceremony', 'Fireworks', '.CR3.age'])
        assert.ok(!text.includes(secret) || /^HOW-TO/.test(text), `${secret}: ${text.slice(0, 200)}`)
    assert.doesNotMatch(said.join(), new RegExp(recoveryKey))
  })

  it('is sent nothing twice, and keeps the earlier content of what changed', async () => {
    await backUp()
    double().requests.length = 0
    await backUp()
    assert.deepEqual(double().requests, [])
    edit()
    assert.equal((await backUp()).confirmed, 3)
    const places = await room.call('place/list', {})
    assert.equal(places.places.find(({ name }) => name === 'Cloud')?.bucket?.waitingFiles, 0)
    await room.call('rebuild/run', { from: `s3://${bucket}/backup`, bucket: { endpoint: double().url } })
    const { versions } = await room.call('file/story', {
      shoot: 'Pictures/Annabelle & Benedict',
      file: 'Ceremony_1.xmp',
    })
    assert.deepEqual(
      versions.map(({ copies }) => copies.filter(({ place }) => place === 'Cloud').length),
      [1, 1],
    )
  })

  it('comes out of it without Safelight, by the lines of its HOW-TO-RESTORE.txt', async function () {
    for (const program of ['age', 'openssl', 'b3sum', 'bash'])
      if ((await execa(program, ['--help'], { reject: false })).code === 'ENOENT') {
        process.stderr.write(
          `\n!!! NOT TESTED: the lines of HOW-TO-RESTORE.txt, because "${program}" is not installed\n\n`,
        )
        return this.skip()
      }
    await backUp()
    edit()
    await backUp()
    const fetched = path.join(room.root, 'fetched')
    for (const [name, bytes] of await room.tree(double().url, bucket, 'backup')) {
      fs.mkdirSync(path.dirname(path.join(fetched, name)), { recursive: true })
      fs.writeFileSync(path.join(fetched, name), bytes)
    }
    const page = fs.readFileSync(path.join(fetched, 'HOW-TO-RESTORE.txt'), 'utf8')
    const lines = page.split('\n')
    const [from, to] = [lines.findIndex((line) => line.trim().startsWith('KEY=')), lines.indexOf('     done')]
    assert.ok(from > 0 && to > from, page)
    fs.writeFileSync(path.join(fetched, 'unhide.sh'), `${lines.slice(from, to + 1).join('\n')}\n`)
    fs.writeFileSync(path.join(fetched, 'key.txt'), `${recoveryKey}\n`)
    await execa('bash', ['unhide.sh'], { cwd: fetched })
    const restored = path.join(fetched, 'restored/Photos/Pictures')
    const [pictures, back] = [readTree(room.originals), readTree(restored)]
    assert.equal(pictures.size, 3)
    for (const [name, { hash }] of pictures) assert.equal(back.get(name)?.hash, hash, name)
    const [kept = '', ...more] = [...back.keys()].filter((name) => name.includes('Versions/'))
    assert.deepEqual([fs.readFileSync(path.join(restored, kept), 'utf8'), more], ['rating 1', []])
    for (const shoot of ['Annabelle & Benedict', 'Annabelle & Benedict/Fireworks'])
      await execa('b3sum', ['--check', 'safelight.b3'], { cwd: path.join(restored, shoot) })
  })

  it('gets the key to its names again when that was lost there', async () => {
    await backUp()
    const objects = double().state.buckets.get(bucket)?.objects
    const key = [...(objects?.keys() ?? [])].find((each) => each.endsWith('/names-key.age')) ?? ''
    assert.ok(objects !== undefined && objects.delete(key))
    const without = await room.call('rebuild/run', {
      from: `s3://${bucket}/backup`,
      bucket: { endpoint: double().url },
    })
    assert.equal(without.exitCode, 0, 'this computer knows it')
    await room.with(({ journal }) => {
      journal.run("DELETE FROM objects WHERE key LIKE '%names-key.age'")
      return Promise.resolve()
    })
    edit()
    await backUp()
    assert.ok(objects.has(key))
  })

  it('is not learned without the key to its names, and is not half hidden', async () => {
    await backUp()
    const objects = double().state.buckets.get(bucket)?.objects
    for (const key of [...(objects?.keys() ?? [])]) if (key.endsWith('/names-key.age')) objects?.delete(key)
    fs.rmSync(room.home, { recursive: true })
    const reach = { endpoint: double().url }
    await assert.rejects(
      room.call('rebuild/run', { from: `s3://${bucket}/backup`, bucket: reach, recoveryKey }),
      /names .* are hidden, and .*names-key\.age, which opens them, is not there/,
    )
    await assert.rejects(
      room.call('place/add', { path: `s3://${bucket}/plain`, bucket: { ...reach, hideNames: true } }),
      /--hide-names needs --encrypt/,
    )
    await room.call('place/add', { path: `s3://${bucket}/named`, bucket: { ...reach, encrypt: true } })
    await assert.rejects(
      room.call('place/add', { path: `s3://${bucket}/named`, bucket: { ...reach, encrypt: true, hideNames: true } }),
      /have the names of the pictures/,
    )
  })

  it('is not learned as a plain one from a marker of which a part cannot be read', async () => {
    await backUp()
    const store = openTestStore(double().url, bucket)
    const key = [...(double().state.buckets.get(bucket)?.objects.keys() ?? [])].find((each) =>
      each.endsWith('/place.json'),
    )
    const marker = JSON.parse(String(await readAll(store, key ?? ''))) as { encryption: object }
    const body = Buffer.from(JSON.stringify({ ...marker, encryption: { ...marker.encryption, recipients: ['age1'] } }))
    await store.put(putOf(key ?? '', body))
    store.close()
    fs.rmSync(room.home, { recursive: true })
    await assert.rejects(
      room.call('rebuild/run', { from: `s3://${bucket}/backup`, bucket: { endpoint: double().url }, recoveryKey }),
      { code: 'OFFSITE_FOREIGN', message: /says how this place is encrypted, and cannot be understood/ },
    )
    assert.deepEqual((await room.call('place/list', {})).places, [])
  })

  it('is not added as a plain one by a computer that forgot that it is encrypted', async () => {
    await backUp()
    await room.with(({ journal }) => {
      for (const { id } of listPlaces(journal)) forgetPlace(journal, id)
      return Promise.resolve()
    })
    await assert.rejects(
      room.call('place/add', { path: `s3://${bucket}/backup`, bucket: { endpoint: double().url } }),
      /is encrypted, and this computer does not know for whom/,
    )
  })
})
