import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { recoverySheet } from '../../helper/setup/recovery-sheet.js'
import type { Result } from '../../shared/methods.js'
import { ask, backup } from '../support/safelight.js'
import { freshFolder, makeTree, readTree } from '../support/shoots.js'

describe('the recovery sheet', () => {
  let folder: string
  beforeEach(() => (folder = freshFolder({ inMemory: true })))
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

  it('brings everything back by its own commands, with Safelight and without', async () => {
    const [home, originals, drive] = ['home', 'Iceland', 'Studio SSD'].map((name) => path.join(folder, name)) as [
      string,
      string,
      string,
    ]
    makeTree(originals, { 'IMG_1.CR3': 3000, day2: { 'IMG_2.CR3': 4000 } })
    fs.mkdirSync(drive)
    await backup(home, originals, drive)
    const { places } = await ask<Result<'place/list'>>(home, ['place', 'list'])
    const sheet = recoverySheet({ places, printedAt: '2026-11-26T10:00:00.000Z', version: '0.1.0' })
    const commands = sheet.split('\n').map((line) => line.trim())
    const wordsOf = (start: string): string[] => {
      const line = commands.find((each) => each.startsWith(start)) ?? ''
      return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '').slice(1)
    }
    const fresh = path.join(folder, 'fresh home')
    const wanted = [...readTree(originals).values()].map(({ hash }) => hash).sort()
    await ask(fresh, wordsOf('safelight rebuild'))
    await ask(
      fresh,
      wordsOf('safelight restore').map((word) => (word === 'FOLDER' ? path.join(folder, 'back') : word)),
    )
    assert.deepEqual([...readTree(path.join(folder, 'back')).values()].map(({ hash }) => hash).sort(), wanted)
    const bare = path.join(folder, 'bare')
    fs.mkdirSync(bare)
    const [options = '', from = ''] = wordsOf('cp ')
    execFileSync('cp', [options, from.replace('DRIVE', drive), bare])
    const photos = [...readTree(bare)].filter(([name]) => name.endsWith('.CR3')).map(([, { hash }]) => hash)
    assert.deepEqual(photos.sort(), wanted)
    assert.doesNotMatch(sheet, /token|secret key|password/i)
    assert.ok(sheet.split('\n').every((line) => line.length <= 100 || line.includes(folder)))
  })
})
