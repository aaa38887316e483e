import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { Daemon } from '../../helper/daemon.js'
import type { RequestContext } from '../../helper/server/handlers.js'
import { proveLive, type ProofStep } from '../../helper/setup/live-proof.js'
import { foldersAsDisks } from '../support/daemon.js'
import { freshFolder, makeTree, readTree } from '../support/shoots.js'

const context: RequestContext = {
  signal: new AbortController().signal,
  client: { kind: 'page', version: 'test' },
  progress: () => undefined,
}

describe('the live proof', () => {
  let folder: string
  let drive: string
  beforeEach(() => {
    folder = freshFolder({ inMemory: true })
    drive = path.join(folder, 'drive')
    makeTree(drive, { 'holiday.jpg': 1000, Safelight: { 'place.json': 'not to be read' } })
  })
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

  const open = (home: string) => Daemon.open({ home, command: 'test', volumes: foldersAsDisks(folder) })

  it('copies, damages, finds, heals and restores a sample, and leaves the drive as it was', async () => {
    const before = readTree(folder)
    const told: number[] = []
    const steps = await proveLive(drive, open, context, (done) => told.push(done.length))
    assert.deepEqual(
      steps.map(({ ok, detail }) => [ok, detail]),
      Array.from({ length: 5 }, () => [true, '']),
    )
    assert.deepEqual(told, [1, 2, 3, 4, 5])
    assert.deepEqual(readTree(folder), before)
    assert.deepEqual(fs.readdirSync(drive).sort(), ['Safelight', 'holiday.jpg'])
  })

  it('says so when damage is not found, and cleans up all the same', async () => {
    const blind = async (home: string) => {
      const daemon = await open(home)
      const verify = daemon.handlers['verify/run']
      const handlers = {
        ...daemon.handlers,
        'verify/run': async (...args: Parameters<NonNullable<typeof verify>>) => {
          const answer = await verify?.(...args)
          assert.ok(answer)
          return { ...answer, findings: [] }
        },
      }
      return { handlers, close: () => daemon.close() }
    }
    const steps: readonly ProofStep[] = await proveLive(drive, blind, context, () => undefined)
    assert.deepEqual(
      steps.map(({ ok }) => ok),
      [true, true, false],
    )
    assert.deepEqual(fs.readdirSync(drive).sort(), ['Safelight', 'holiday.jpg'])
  })
})
