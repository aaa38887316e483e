import assert from 'node:assert/strict'
import fs from 'node:fs'
import { freshFolder } from '../../support/shoots.js'
import { liveThrough } from './simulation.js'

/** `HISTORIES=10000 MINUTES=90` lives through more, `SEED=n HISTORIES=1` through that one again. */
const HISTORIES = Number(process.env['HISTORIES'] ?? 2000)
const MINUTES = Number(process.env['MINUTES'] ?? 15)
const SEED = Number(process.env['SEED'] ?? 1)
/** Fewer would say little, however slow the machine is. */
const LEAST = Math.min(HISTORIES, 50)

describe('the long simulation', () => {
  const folder = freshFolder({ inMemory: true })
  after(() => fs.rmSync(folder, { recursive: true, force: true }))

  it(`keeps every promise after every step of up to ${HISTORIES} histories, and comes right by itself`, async function () {
    this.timeout((MINUTES + 10) * 60_000)
    const lines = await liveThrough(SEED, HISTORIES, folder, MINUTES)
    const told = lines.flatMap((line) => ('told' in line ? [line.told] : []))
    const failed = lines.flatMap((line) => ('failed' in line ? [line.failed] : []))
    const sum = (key: 'steps' | 'kills' | 'troubles' | 'greens'): number =>
      told.reduce((all, each) => all + each[key], 0)
    console.log(
      `      ${lines.length} histories from SEED=${SEED} to ${lines.at(-1)?.seed ?? SEED}: ${sum('steps')} steps, ${sum('kills')} kills, ${sum('troubles')} troubles, ${sum('greens')} times a shoot was called protected, and was`,
    )
    for (const each of failed) console.log(each)
    assert.equal(
      failed.length,
      0,
      `${failed.length} histories broke a promise: ${failed.map((each) => each.slice(0, 200)).join('\n')}`,
    )
    assert.ok(told.length >= LEAST, `${told.length} histories`)
  })
})
