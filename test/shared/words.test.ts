import assert from 'node:assert/strict'
import { RPC_CODES } from '../../shared/rpc.js'
import {
  errorWords,
  linkWords,
  missingNow,
  restorePlanWords,
  shootLine,
  sizeWords,
  statusLines,
  verdictWords,
  type LinkProblem,
} from '../../shared/words.js'
import { LuaModule } from '../support/lua.js'

const PROBLEMS: readonly LinkProblem[] = [
  'starting',
  'not-installed',
  'settings-unreadable',
  'settings-too-new',
  'moved',
  'not-launchable',
  'launch-failed',
  'no-bridge',
  'wrong-token',
  'no-answer',
  'helper-down',
  'versions-differ',
  'plugin-too-old',
  'helper-too-old',
]

describe('the sentences', () => {
  it('every problem of the link says what is the case, that new photos are not being copied, and what to do', () => {
    for (const problem of PROBLEMS) {
      const { headline, advice } = linkWords(problem)
      assert.match(headline, /\.$/)
      if (problem === 'starting') continue
      assert.match(advice, /New photos are not being copied/)
      assert.match(advice, /Run "|safelight|by itself/)
    }
  })

  it('only the verdict protected is called protected', () => {
    assert.equal(verdictWords('protected'), 'protected')
    for (const verdict of ['partly', 'at-risk', 'unknown', 'safe', '', 'Protected'])
      assert.notEqual(verdictWords(verdict), 'protected')
  })

  it("an error shows the helper's own sentence and remedy, and is never empty", () => {
    assert.deepEqual(
      errorWords({ code: RPC_CODES.FAILED, message: 'The drive is full.', data: { remedy: 'Make room.' } }),
      {
        headline: 'The drive is full.',
        advice: 'Make room.',
      },
    )
    for (const code of [...Object.values(RPC_CODES), 17])
      assert.notEqual(errorWords({ code, message: '' }).headline, '')
  })

  it('sizes are written as drives and card makers count', () => {
    const cases = {
      0: '0 bytes',
      1: '1 byte',
      999: '999 bytes',
      1000: '1 KB',
      1500: '1.5 KB',
      999_949: '999.9 KB',
      999_950: '1 MB',
      75_000_000: '75 MB',
      2_000_398_934_016: '2 TB',
    }
    for (const [bytes, words] of Object.entries(cases)) assert.equal(sizeWords(Number(bytes)), words)
  })

  it('a shoot whose originals nobody counted is not said to be complete', () => {
    const shoot = { id: 'A', files: 3, bytes: 1, verdict: 'unknown', places: [] } as const
    assert.equal(missingNow(shoot), undefined)
    assert.equal(shootLine(shoot), 'A: 3 files, no verified copy anywhere')
  })

  it('a restore without any good copy says so before it is begun', () => {
    const plan = {
      ok: false,
      exitCode: 10,
      summary: '',
      shoot: 'A',
      files: 3,
      bytes: 0,
      missing: 3,
      from: [],
      inTheWay: 0,
      toCompare: 0,
      outOfReach: 3,
      targets: [],
      findings: [],
      warnings: [],
    }
    assert.match(restorePlanWords(plan).advice, /No good copy of them is in reach/)
  })

  it('a long list is cut and says so', () => {
    const open = Array.from({ length: 50 }, (_, index) => ({
      id: `S${index}`,
      verdict: 'at-risk' as const,
      missing: [],
    }))
    const status = {
      ok: false,
      exitCode: 10,
      summary: '',
      verdict: 'at-risk' as const,
      helper: 'running' as const,
      asOf: 'x',
      shoots: { protected: 0, partly: 0, atRisk: 50, unknown: 0 },
      notProtected: open,
      catalogs: [],
      places: [],
    }
    assert.ok(statusLines(status).includes('… and 30 more; see the Safelight page.'))
  })

  it('Lua says the same', async () => {
    const lua = await LuaModule.load(
      'shared/words.ts',
      `return function(text)
        local what, value = text:match('^(%S+) (.*)$')
        if what == 'size' then return module.sizeWords(tonumber(value)) end
        local words = module.linkWords(value)
        return words.headline .. '|' .. words.advice
      end`,
    )
    for (const problem of PROBLEMS) {
      const { headline, advice } = linkWords(problem)
      assert.equal(lua.ask(`link ${problem}`), `${headline}|${advice}`)
    }
    for (const bytes of [0, 1, 999, 1000, 1499, 1500, 999_949, 999_950, 123_456_789, 5e12, 9e15])
      assert.equal(lua.ask(`size ${bytes}`), sizeWords(bytes))
    lua.close()
  })
})
