import assert from 'node:assert/strict'
import fc from 'fast-check'
import { chooseHashEngine } from '../../helper/files/hash.js'
import { EMPTY_CHAIN, holdsHead, linkLines, newestByFolder, parseChain } from '../../helper/manifest/chain.js'
import { formatEvent, parseLog, type LogEvent } from '../../helper/manifest/log.js'

const engine = chooseHashEngine()
const at = '2026-01-02T03:04:05.000Z'
const hash = 'b'.repeat(64)

function chainOf(count: number): { lines: string[]; head: string } {
  const entries = Array.from({ length: count }, (_, index) => ({
    at,
    folder: `Shoot ${index % 3}`,
    generation: 1 + Math.floor(index / 3),
    files: index,
    manifestHash: hash,
    logBytes: index,
    logHash: hash,
  }))
  const { texts, head } = linkLines(EMPTY_CHAIN, entries, engine)
  return { lines: texts, head }
}

const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('')

/** Whether somebody who remembers the head of 8 lines notices. */
function isNoticed(lines: readonly string[], head: string): boolean {
  const chain = parseChain(textOf(lines), engine)
  return chain.breaks.length > 0 || !holdsHead(chain, 8, head)
}

describe('chain.jsonl', () => {
  const { lines, head } = chainOf(8)

  it('is whole as it was written, and goes on', () => {
    assert.equal(isNoticed(lines, head), false)
    const chain = parseChain(textOf(lines), engine)
    const more = linkLines(
      chain,
      [{ at, folder: 'New', generation: 1, files: 1, manifestHash: hash, logBytes: 0, logHash: hash }],
      engine,
    )
    assert.equal(isNoticed([...lines, ...more.texts], head), false)
    assert.equal(newestByFolder(chain).get('Shoot 0')?.generation, 3)
  })

  it('shows any line removed, the last ones included', () => {
    for (let index = 0; index < lines.length; index++)
      assert.ok(isNoticed(lines.toSpliced(index, 1), head), `line ${index + 1}`)
    for (let keep = 0; keep < lines.length; keep++)
      assert.ok(isNoticed(lines.slice(0, keep), head), `rolled back to ${keep}`)
  })

  it('shows any two lines that changed places, and any line said twice', () => {
    fc.assert(
      fc.property(fc.nat(7), fc.nat(7), (one, two) => {
        if (one === two) return
        const swapped = lines.with(one, lines[two]!).with(two, lines[one]!)
        assert.ok(isNoticed(swapped, head))
        assert.ok(isNoticed(lines.toSpliced(two, 0, lines[one]!), head))
      }),
    )
  })

  it('believes no line whose folder leads out, or could be none', () => {
    for (const folder of ['../out', '/etc', 'a//b', 'a/./b', '', 'IMG\u0000.CR3']) {
      const line = JSON.stringify({ ...(JSON.parse(lines[0]!) as object), folder })
      assert.deepEqual(parseChain(`${line}\n`, engine).breaks, ['line 1 cannot be read'], folder)
    }
  })

  it('shows any character that was changed', () => {
    fc.assert(
      fc.property(fc.nat(7), fc.nat(1000), fc.constantFrom('0', '1', 'x', '"'), (row, column, letter) => {
        const line = lines[row]!
        const index = column % line.length
        if (line[index] === letter) return
        assert.ok(isNoticed(lines.with(row, line.slice(0, index) + letter + line.slice(index + 1)), head))
      }),
    )
  })

  it('passes over a last line that a crash cut off, and over nothing else', () => {
    const text = textOf(lines)
    for (const cut of [1, 20, 100]) {
      const chain = parseChain(text.slice(0, -cut), engine)
      assert.deepEqual([chain.lines.length, chain.breaks], [7, []])
    }
  })
})

describe('safelight-log.jsonl', () => {
  const events: LogEvent[] = [
    {
      event: 'copied',
      at,
      file: 'a.CR3',
      path: 'a.CR3',
      bytes: 3,
      modified: at,
      sourceHash: hash,
      copyHash: hash,
      read: 'direct',
      device: 'd',
      by: 'blake3-wasm',
    },
    {
      event: 'kept',
      at,
      file: 'a.CR3',
      path: 'a.CR3',
      to: 'Versions/x/a.CR3',
      copyHash: hash,
      why: 'the original changed',
    },
    { event: 'failed', at, file: 'new\nline', why: 'EIO' },
    { event: 'sealed', at, generation: 1, files: 1, manifestHash: hash },
  ]

  it('is read back as it was written, one line for each event', () => {
    const text = events.map((event) => `${formatEvent(event)}\n`).join('')
    assert.equal(text.split('\n').length, events.length + 1)
    assert.deepEqual(parseLog(text), { events, badLines: [] })
  })

  it('does not believe a line of which one bit is another', () => {
    const line = Buffer.from(formatEvent(events[0]!))
    const end = line.lastIndexOf(',"crc32"')
    for (let at = 0; at < line.length; at++)
      for (const bit of [0, 3, 5]) {
        const altered = Buffer.from(line)
        altered[at]! ^= 1 << bit
        const { events: read } = parseLog(`${altered.toString('utf8')}\n`)
        // A flip in the name of the checksum leaves a line without one, whose event is as it was.
        const isEvent = read.length === 0 || (at >= end && JSON.stringify(read[0]) === JSON.stringify(events[0]))
        assert.ok(isEvent, altered.toString('utf8'))
      }
  })

  it('believes a line of an early version, which has no checksum', () => {
    assert.deepEqual(parseLog(`${JSON.stringify(events[1])}\n`), { events: [events[1]], badLines: [] })
  })

  it('names lines that are not ours, and passes over a last one cut off', () => {
    const good = formatEvent(events[0]!)
    const outside = good.replace('"path":"a.CR3"', '"path":"../a.CR3"')
    assert.notEqual(outside, good)
    const { events: read, badLines } = parseLog(
      `${good}\nnonsense\n${outside}\n{"event":"unheard of"}\n${good}\n${good.slice(0, 30)}`,
    )
    assert.deepEqual([read.length, badLines], [2, [2, 3, 4]])
  })
})
