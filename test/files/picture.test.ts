import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { bytesAsSource } from '../../helper/files/picture/byte-source.js'
import { locatePicture } from '../../helper/files/picture/picture.js'
import { makeDng, makeFilm, makeJpeg } from '../support/pictures.js'
import { compare, falseAlarms, MAKERS, missedRot, survivesHostile } from './picture-suite.js'

const SAMPLES = process.env['SAFELIGHT_RAW_SAMPLES'] ?? '../../shared/data/raw'

describe('the picture apart from the words around it', function () {
  this.timeout(60_000)

  for (const [kind, make] of Object.entries(MAKERS)) {
    it(`${kind}: other words are words, another picture is not`, () => {
      const before = make(1, { xmp: '<a/>' })
      assert.deepEqual(compare(before, make(1, { xmp: '<a/>', description: 'Iceland', padding: 999 })), {
        kind: 'words',
      })
      assert.notEqual(compare(before, make(2, { xmp: '<a/>' })).kind, 'words')
    })
  }

  it('tells a JPEG, a DNG and a film that rotted before their captions were written', () => {
    for (const make of [makeJpeg, makeDng, makeFilm]) {
      const after = make(1, { xmp: '<new/>' })
      const located = locatePicture(bytesAsSource(after))
      assert.ok(located.ok)
      const { end } = located.data.ranges.at(-1) ?? { end: 0 }
      // Near the end: within the scan of the JPEG, and no part of a marker.
      let at = end - 40
      while (after[at] === 0xff || after[at - 1] === 0xff || (after[at] ?? 0) === 0xfe) at -= 1
      after[at] = (after[at] ?? 0) ^ 1
      assert.deepEqual(compare(make(1, { xmp: '<old/>' }), after), { kind: 'rotten', wrongBytes: 1 })
    }
  })

  it('is unsure of pixels that may have been retouched, of a file that was cut short, and of what it does not know', () => {
    const tiff = MAKERS['tiff']!
    const retouched = tiff(1, {})
    retouched[retouched.length >> 1]! ^= 1
    assert.equal(compare(tiff(1, {}), retouched).kind, 'unsure')
    assert.equal(compare(makeJpeg(1), makeJpeg(1).subarray(0, 900)).kind, 'unsure')
    assert.equal(compare(Buffer.from('8BPS and more of it'), Buffer.from('8BPS and more of this')).kind, 'unsure')
    assert.equal(compare(makeJpeg(1), makeDng(1)).kind, 'unsure')
  })

  it('raises no false alarm over 600 edits of words', () => assert.deepEqual(falseAlarms(600, 7), []))

  it('takes no rot in a picture for words, over 300 of them', () => assert.deepEqual(missedRot(300, 9).missed, []))

  it('says something of each of 2,000 damaged files, and throws at none', () => survivesHostile(2000, 11))

  it('a table that points to the same bytes a hundred thousand times is not followed', () => {
    const dng = makeDng(1)
    const strips = 100_000
    const table = Buffer.alloc(strips * 8)
    for (let index = 0; index < strips; index++) table.writeUInt32LE(dng.length, strips * 4 + index * 4)
    const hostile = Buffer.concat([dng, table])
    const sub = hostile.indexOf(Buffer.from([0x11, 0x01, 4, 0, 1, 0, 0, 0]), hostile.indexOf('none\0'))
    for (const tag of [0x0111, 0x0117]) {
      const at = hostile.indexOf(Buffer.from([tag & 255, tag >> 8, 4, 0, 1, 0, 0, 0]), sub - 200)
      hostile.writeUInt32LE(strips, at + 4)
      hostile.writeUInt32LE(tag === 0x0111 ? dng.length : dng.length + strips * 4, at + 8)
    }
    const located = locatePicture(bytesAsSource(hostile))
    assert.equal(located.ok, false)
  })

  it('finds the pictures in real files of cameras and telephones', function () {
    if (!fs.existsSync(SAMPLES)) {
      process.stderr.write(
        '      LEFT OUT: no samples of cameras here (SAFELIGHT_RAW_SAMPLES names a folder of them)\n',
      )
      this.skip()
    }
    const whole: readonly (readonly [string, string])[] = [
      ['bep_iphone.heic', 'heif'],
      ['exiv2_Canon.HIF', 'heif'],
      ['tinydng_colorchart.dng', 'dng'],
      ['photoprism_canon_eos_6d.dng', 'dng'],
      ['me_issue247-1.nef', 'jpeg'],
    ]
    for (const [name, container] of whole) {
      const located = locatePicture(bytesAsSource(fs.readFileSync(path.join(SAMPLES, name))))
      assert.deepEqual(located.ok && [located.data.container, located.data.isWhole], [container, true], name)
    }
  })
})
