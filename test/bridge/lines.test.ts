import assert from 'node:assert/strict'
import fc from 'fast-check'
import { LineReader, type LineEvent } from '../../helper/bridge/lines.js'

describe('lines out of a byte stream', () => {
  const read = (chunks: readonly Uint8Array[], maxBytes = 50): LineEvent[] => {
    const reader = new LineReader(maxBytes)
    return chunks.flatMap((chunk) => reader.push(Buffer.from(chunk)))
  }

  it('are the same however the stream was cut', () => {
    const text = fc.array(
      fc.string({ unit: 'binary', maxLength: 12 }).map((each) => each.replaceAll('\n', '')),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 12 }), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
        const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
        const chunks = places.slice(1).map((end, at) => bytes.subarray(places[at], end))
        const whole = lines.filter((line) => line !== '').map((line) => ({ kind: 'line', text: line }))
        assert.deepEqual(read(chunks, 1000), whole)
      }),
    )
  })

  it('are refused when they are too long, once each, and the next one is read again', () => {
    const long = Buffer.alloc(20, 'x')
    const events = read([long, long, long, long, Buffer.from('\nshort\n'), Buffer.alloc(51, 'y'), Buffer.from('\n')])
    assert.deepEqual(events, [
      { kind: 'refused', why: 'too-long' },
      { kind: 'line', text: 'short' },
      { kind: 'refused', why: 'too-long' },
    ])
    assert.deepEqual(read([Buffer.alloc(50, 'z'), Buffer.from('\n')]), [{ kind: 'line', text: 'z'.repeat(50) }])
  })

  it('never become text when they are no UTF-8', () => {
    assert.deepEqual(read([Uint8Array.of(0xff, 0xfe, 10, 0x61, 10)]), [
      { kind: 'refused', why: 'not-utf-8' },
      { kind: 'line', text: 'a' },
    ])
  })
})
