import assert from 'node:assert/strict'
import { answerText } from '../../helper/server/answer-text.js'
import { success } from '../../shared/rpc.js'

const LONG = 5_001

describe('the text of an answer', () => {
  const list = (length: number): unknown[] =>
    Array.from({ length }, (_, index) => ({ file: `IMG_${index} "é" \\.CR3`, detail: index % 2 ? undefined : null }))
  const table: readonly (readonly [string, unknown])[] = [
    ['without lists', { ok: true, summary: '', none: undefined }],
    ['that is nothing', undefined],
    ['that is a long list itself', list(LONG)],
    ['with a short list', { findings: list(3) }],
    [
      'with long lists',
      { ok: false, findings: list(LONG), none: undefined, empty: [], files: list(2_001), mend: list(4_000) },
    ],
    ['with undefined in a long list', { holes: Array.from({ length: LONG }, () => undefined) }],
  ]
  for (const [name, result] of table)
    it(`${name} is what JSON.stringify makes of it`, async () => {
      assert.equal(await answerText(7, result), JSON.stringify(success(7, result)))
      assert.equal(await answerText('a', result), JSON.stringify(success('a', result)))
    })

  it('gives others a turn within a long list', async () => {
    let turns = 0
    let isWritten = false
    const others = (): void => {
      turns += 1
      if (!isWritten) setImmediate(others)
    }
    setImmediate(others)
    await answerText(1, { findings: list(LONG) })
    isWritten = true
    assert.ok(turns >= 2, `${turns}`)
  })
})
