// Two computers and one network drive, as real processes: both write at the same time, each is killed at a moment that follows from the seed,
// and whatever that moment was, the next runs leave a drive on which both find everything and nothing else.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { safelight, type End } from '../crash/real-run.js'
import { randomOf } from '../crash/power-loss/power-loss.js'
import { named } from '../support/safelight.js'
import type { BackupResult, VerifyResult } from '../../shared/methods.js'
import { checkManifests, contentOf, freshFolder, namesBelow, readTree } from '../support/shoots.js'

const SEEDS = (process.env['SEEDS'] ?? '1,2,3,4').split(',').map(Number)
const ROUNDS = 3
const FILES_A_ROUND = 12
const COMPUTERS = ['anna', 'ben'] as const

type Computer = (typeof COMPUTERS)[number]

describe('two computers and one network drive, killed at any moment', () => {
  for (const seed of SEEDS) {
    it(`seed ${seed}`, async function () {
      this.timeout(600_000)
      const root = freshFolder({ inMemory: true })
      try {
        await history(root, randomOf(seed))
      } finally {
        fs.rmSync(root, { recursive: true, force: true })
      }
    })
  }
})

async function history(root: string, draw: () => number): Promise<void> {
  const nas = path.join(root, 'NAS')
  fs.mkdirSync(nas)
  // One name, two sources; and a folder that both back up.
  const sources = (who: Computer): string[] => [
    path.join(root, `${who} disk`, '2026'),
    path.join(root, 'shared', 'Team'),
  ]
  for (let round = 1; round <= ROUNDS; round++) {
    for (const who of COMPUTERS)
      for (const source of sources(who))
        for (let n = 0; n < FILES_A_ROUND; n++) {
          // What both back up only grows; their own is edited as well.
          const isEdit = round > 1 && draw() < 0.2 && source.includes(`${who} disk`)
          const file = path.join(source, 'Day', `${who}_${isEdit ? 1 : round}_${n}.CR3`)
          fs.mkdirSync(path.dirname(file), { recursive: true })
          fs.writeFileSync(file, contentOf(2000 + Math.floor(draw() * 20_000), Math.floor(draw() * 2 ** 31)))
        }
    const killAt = new Map(COMPUTERS.map((who) => [who, Math.floor(draw() * FILES_A_ROUND * 6)]))
    await Promise.all(
      COMPUTERS.map(async (who) => {
        const isKilled = draw() < 0.8
        const before = namesBelow(nas).length
        let stop = (): void => undefined
        const end = await run(who, ['backup', ...sources(who), '--to', nas], (kill) => {
          if (isKilled) stop = killAtNames(nas, before + (killAt.get(who) ?? 0), kill)
        }).finally(() => stop())
        assert.ok(end.signal === 'SIGKILL' || end.code === 0, `${who}, round ${round}: ${end.said}`)
      }),
    )
  }
  // Nobody is killed any more: still at the same time, and then each by itself.
  for (const isTogether of [true, false]) {
    const finish = async (who: Computer): Promise<void> => {
      const end = await run(who, ['backup', ...sources(who), '--to', nas, '--json'])
      assert.ok((JSON.parse(end.answer) as BackupResult).ok, `${who}: ${end.said}`)
    }
    if (isTogether) await Promise.all(COMPUTERS.map(finish))
    else for (const who of COMPUTERS) await finish(who)
  }
  for (const who of [...COMPUTERS, ...COMPUTERS]) {
    const end = await run(who, ['verify', '--json'])
    const result = JSON.parse(end.answer) as VerifyResult
    assert.deepEqual(named(result.findings), [], `${who}: ${result.summary}`)
    assert.equal(result.good, result.checked)
  }
  assert.deepEqual(checkManifests(nas), [])
  const there = new Set([...readTree(path.join(nas, 'Safelight', 'Photos')).values()].map(({ hash }) => hash))
  for (const who of COMPUTERS)
    for (const source of sources(who))
      for (const [name, { hash }] of readTree(source)) assert.ok(there.has(hash), `${source}/${name} is on the drive`)
  assert.deepEqual(fs.readdirSync(path.join(nas, 'Safelight', 'Photos')).sort(), ['2026', '2026 (2)', 'Team'])
  assert.equal(
    namesBelow(nas).some((name) => name.includes('.safelight-turn')),
    false,
  )

  function run(who: Computer, args: readonly string[], meanwhile?: (kill: () => void) => void): Promise<End> {
    return safelight([...args, '--home', path.join(root, `${who} home`)], meanwhile)
  }
}

/** Kills when so many names lie anywhere below a folder: a fact of the run, and no guess at its speed. @returns ends the watching */
function killAtNames(folder: string, count: number, kill: () => void): () => void {
  const watch = setInterval(() => {
    if (namesBelow(folder).length < count) return
    clearInterval(watch)
    kill()
  }, 2)
  return () => clearInterval(watch)
}
