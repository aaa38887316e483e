// The start of the built program: out of one file while that is the newest there is, else from its parts, and never from machine code that
// does not fit.
import assert from 'node:assert/strict'
import os from 'node:os'
import path from 'node:path'
import { execa } from 'execa'
import fs from 'fs-extra'
import { quickStart } from '../../build/bundle.js'
import { PROJECT } from '../support/safelight.js'

describe('the start of the built program', () => {
  let folder = ''
  const at = (name: string): string => path.join(folder, 'dist', name)
  const start = async (env: NodeJS.ProcessEnv = {}): Promise<string> =>
    (await execa(process.execPath, [at('helper/main.js')], { env, all: true })).all

  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'safelight-start-'))
    fs.outputJsonSync(path.join(folder, 'package.json'), { type: 'module' })
    fs.outputFileSync(at('helper/main.js'), await quickStart(PROJECT))
    fs.outputFileSync(at('helper/program.js'), "console.log('from its parts')")
    fs.outputFileSync(at('.tsbuildinfo'), '')
    fs.outputFileSync(at('helper/program.bundle.cjs'), "console.log('from one file')")
  })

  afterEach(() => fs.removeSync(folder))

  it('takes the one file', async () => {
    assert.equal(await start(), 'from one file')
  })

  it('takes the parts when any of them was compiled since', async () => {
    const later = new Date(fs.statSync(at('helper/program.bundle.cjs')).mtimeMs + 1000)
    fs.utimesSync(at('.tsbuildinfo'), later, later)
    assert.equal(await start(), 'from its parts')
  })

  it('takes the parts when there is no one file', async () => {
    fs.removeSync(at('helper/program.bundle.cjs'))
    assert.equal(await start(), 'from its parts')
  })

  it('leaves machine code behind when the build asks for it, and starts with it', async () => {
    await start()
    assert.ok(!fs.existsSync(at('helper/program.bundle.cjs.cache')))
    assert.equal(await start({ SAFELIGHT_KEEP_MACHINE_CODE: '1' }), 'from one file')
    assert.ok(fs.statSync(at('helper/program.bundle.cjs.cache')).size > 0)
    assert.equal(await start(), 'from one file')
  })

  it('compiles anew what machine code does not fit', async () => {
    fs.outputFileSync(at('helper/program.bundle.cjs.cache'), 'of another Node')
    assert.equal(await start(), 'from one file')
  })
})
