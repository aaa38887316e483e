import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { chooseHashEngine, hashBytes, TEST_DIGEST, TEST_VECTOR } from '../../helper/files/hash.js'
import { formatManifest, isSafeRelativePath, parseManifest } from '../../helper/manifest/manifest.js'
import { freshFolder, hasB3sum } from '../support/shoots.js'

const HASH = 'a'.repeat(64)

describe('the hash', () => {
  it('is judged by the digest that the portable build gives for the test vector', () => {
    assert.equal(hashBytes(chooseHashEngine({ SAFELIGHT_HASH: 'wasm' }), TEST_VECTOR), TEST_DIGEST)
    assert.equal(hashBytes(chooseHashEngine({}), TEST_VECTOR), TEST_DIGEST)
  })
})

describe('safelight.b3', () => {
  it('is read back as it was written, whatever the names', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((each) => isSafeRelativePath(each))
    fc.assert(
      fc.property(fc.uniqueArray(name), (names) => {
        const entries = names.map((each) => ({ path: each, hash: HASH }))
        const { entries: read, badLines } = parseManifest(formatManifest(entries))
        assert.deepEqual(badLines, [])
        assert.deepEqual(new Set(read.map((entry) => entry.path)), new Set(names))
      }),
    )
  })

  const NAMES = [
    'plain.CR3',
    'with  two blanks .jpg',
    ' leading',
    'new\nline.xmp',
    'back\\slash',
    '\\n',
    'both\\\n',
    'é',
    'é',
    '🎞.mov',
    'quote\'".dng',
    'tab\t.nef',
    'carriage\rreturn.cr2',
    'line\u2028separator.dng',
    'paragraph\u2029.dng',
    '-dash',
    '*star',
    '#hash',
  ]

  it('passes the real b3sum --check, however odd the names', function () {
    if (!hasB3sum) {
      console.log('      skipped: b3sum is not installed')
      this.skip()
    }
    const folder = freshFolder({ inMemory: true })
    const engine = chooseHashEngine()
    const entries = NAMES.map((name) => {
      fs.writeFileSync(path.join(folder, name), `content of ${name}`)
      return { path: name, hash: hashBytes(engine, Buffer.from(`content of ${name}`)) }
    })
    fs.writeFileSync(path.join(folder, 'safelight.b3'), formatManifest(entries))
    const said = execFileSync('b3sum', ['--check', 'safelight.b3'], { cwd: folder, encoding: 'utf8' })
    assert.equal(said.match(/: OK$/gm)?.length, NAMES.length)
    const theirs = execFileSync('b3sum', ['--', ...NAMES], { cwd: folder, encoding: 'utf8' })
    assert.deepEqual(new Set(parseManifest(theirs).entries.map((entry) => entry.path)), new Set(NAMES))
    fs.writeFileSync(path.join(folder, 'é'), 'changed')
    assert.throws(() => execFileSync('b3sum', ['--check', '--quiet', 'safelight.b3'], { cwd: folder, stdio: 'pipe' }))
    fs.rmSync(folder, { recursive: true })
  })

  it('never leads out of its folder, and says which lines cannot be understood', () => {
    const lines = [
      `${HASH}  ../up`,
      `${HASH}  /abs`,
      `${HASH}  a/../b`,
      `${HASH}  a//b`,
      `${HASH}  .`,
      'nonsense',
      '',
      `${HASH} one-blank`,
      `${HASH.toUpperCase()}  case`,
      `${HASH}  good`,
    ]
    const { entries, badLines } = parseManifest(`${lines.join('\n')}\n`)
    assert.deepEqual(entries, [{ path: 'good', hash: HASH }])
    assert.deepEqual(badLines, [1, 2, 3, 4, 5, 6, 7, 8, 9])
  })
})
