// Whichever build of BLAKE3 it is: streams that are hashed side by side and one after another keep apart, and a hundred thousand of them cost no
// more memory than one.
import assert from 'node:assert/strict'
import { execa } from 'execa'
import { chooseHashEngine, hashBytes, TEST_DIGEST, TEST_VECTOR } from '../../helper/files/hash.js'

const ENGINES = [chooseHashEngine({}), chooseHashEngine({ SAFELIGHT_HASH: 'wasm' })]

for (const engine of new Set(ENGINES)) {
  describe(`the hash ${engine.name}`, () => {
    it('keeps streams apart that are fed by turns, and those that come after them', () => {
      for (let round = 0; round < 3; round++) {
        const hashers = [1, 2, 3].map((start) => ({ start, hasher: engine.create() }))
        for (let at = 0; at < 10_000; at += 1000)
          for (const { start, hasher } of hashers) hasher.update(TEST_VECTOR.subarray(start + at, start + at + 1000))
        const digests = hashers.map(({ hasher }) => hasher.digest())
        assert.deepEqual(
          digests,
          hashers.map(({ start }) => hashBytes(engine, TEST_VECTOR.subarray(start, start + 10_000))),
        )
        assert.equal(new Set(digests).size, 3)
        assert.equal(hashBytes(engine, TEST_VECTOR), TEST_DIGEST)
      }
    })

    it('does not take part in another stream once it has given its digest', () => {
      const spent = engine.create()
      spent.update(TEST_VECTOR)
      assert.equal(spent.digest(), TEST_DIGEST)
      const next = engine.create()
      assert.throws(() => spent.update(TEST_VECTOR))
      assert.throws(() => spent.digest())
      next.update(TEST_VECTOR)
      assert.equal(next.digest(), TEST_DIGEST)
    })

    it('hashes a hundred thousand small files in the memory of one', async () => {
      const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', MANY], {
        env: engine.name === 'blake3-wasm' ? { SAFELIGHT_HASH: 'wasm' } : {},
      })
      assert.ok(Number(stdout) < 64e6, `${stdout} bytes more`)
    })
  })
}

const MANY = `
import { chooseHashEngine, hashBytes } from ${JSON.stringify(new URL('../../helper/files/hash.js', import.meta.url).href)}
const engine = chooseHashEngine()
const hash = () => hashBytes(engine, new Uint8Array(1000))
hash()
const before = process.memoryUsage.rss()
for (let n = 0; n < 100_000; n++) hash()
console.log(process.memoryUsage.rss() - before)
`
