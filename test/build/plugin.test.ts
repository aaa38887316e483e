import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'
import { ENTRY_SCRIPTS } from '../../build/plugin.js'
import { lintPluginSources } from '../../build/plugin-lint.js'
import { checkLua } from '../../build/plugin-lua.js'
import { PLUGIN } from '../support/lightroom/plugin.js'

const NAMES = [
  'Info.lua',
  'Init.lua',
  'MenuCheckCatalog.lua',
  'MenuOpenPage.lua',
  'MenuProtectSelection.lua',
  'MenuRestore.lua',
  'MenuStatus.lua',
  'Metadata.lua',
  'PluginManager.lua',
  'Shutdown.lua',
]

describe('the built plugin', () => {
  it('is one flat folder with exactly the files of the fixed list', () => {
    assert.deepEqual(readdirSync(PLUGIN).sort(), NAMES)
    assert.deepEqual(ENTRY_SCRIPTS.map((name) => `${name}.lua`).sort(), NAMES)
  })

  it('is UTF-8 without a byte order mark, and every require is answered inside its own file', () => {
    for (const name of NAMES) {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        readFileSync(path.join(PLUGIN, name)),
      )
      assert.equal(text.charCodeAt(0) === 0xfeff, false, name)
      const inside = new Set([...text.matchAll(/^\["([^"]+)"\] = function/gm)].map((match) => match[1]))
      for (const [, wanted = ''] of text.matchAll(/require\("([^"]+)"/g))
        assert.ok(inside.has(wanted), `${name} requires ${wanted}`)
    }
  })

  it('loads in a real Lua 5.1, and in the system one where there is one', async () => {
    for (const name of NAMES) {
      const text = readFileSync(path.join(PLUGIN, name), 'utf8')
      assert.deepEqual(await checkLua(name, text, name === 'Info.lua' ? 'manifest' : 'script'), [])
    }
    if (spawnSync('lua5.1', ['-v']).error !== undefined) return
    for (const name of NAMES)
      execFileSync('lua5.1', ['-e', `assert(loadfile(${JSON.stringify(path.join(PLUGIN, name))}))`])
  })

  it('has a manifest of literals only', () => {
    const info = readFileSync(path.join(PLUGIN, 'Info.lua'), 'utf8')
    assert.doesNotMatch(info, /require|import|function/)
  })
})

describe('what the build refuses', () => {
  const lint = (text: string, name = 'watch.ts'): string[] =>
    lintPluginSources([ts.createSourceFile(`/p/lrplugin/${name}`, text, ts.ScriptTarget.ESNext, true)], '/p')

  const refused: readonly (readonly [string, RegExp])[] = [
    ['try { a() } catch { b() }', /watch\.ts:1: try becomes pcall/],
    ['throw new Error("x")', /debug\.traceback/],
    ['throw new TypeError("x")', /debug\.traceback/],
    ['class Mine extends Error {}', /debug\.traceback/],
    ['async function a() {}', /coroutine\.create/],
    ['const a = async () => 1', /coroutine\.create/],
    ['function a() { await b }', /coroutine\.create|await/],
    ['function* a() { yield 1 }', /coroutine\.create/],
    ['const a = /x/', /regular expressions/],
    ['const a = { get b() { return 1 } }', /metamethod/],
    ['pcall(() => sleep(1))', /nothing may yield across pcall/],
    ['xpcall(a, b)', /nothing may yield across xpcall/],
  ]
  for (const [text, pattern] of refused) it(`${text} in the plugin`, () => assert.match(lint(text).join('\n'), pattern))

  it('and nothing else: a plain module passes, and pcall passes where nothing yields at all', () => {
    assert.deepEqual(lint('export const a = (b: number) => b + 1\nthrow "text"'), [])
    assert.deepEqual(lint('pcall(() => tell())', 'Shutdown.ts'), [])
  })

  const luas: readonly (readonly [string, RegExp])[] = [
    ['local x = = 1', /unexpected symbol|near/],
    ['goto a', /near|expected/],
    ['collectgarbage()', /"collectgarbage"/],
    ['local f = function() return function() setfenv(1, {}) end end', /"setfenv"/],
    ['undefinedThing = 1', /"undefinedThing"/],
    ['local t = debug.traceback()', /debug\.traceback/],
    ['local e = os.getenv("HOME")', /os\.getenv/],
    ['\ufeffreturn 1', /byte order mark/],
  ]
  for (const [text, pattern] of luas)
    it(`Lua that says ${JSON.stringify(text)}`, async () =>
      assert.match((await checkLua('x.lua', text, 'script')).join('\n'), pattern))

  it('a manifest that imports', async () => {
    assert.match((await checkLua('Info.lua', "import 'LrTasks' return {}", 'manifest')).join('\n'), /"import"/)
    assert.deepEqual(await checkLua('Info.lua', 'return { a = LOC "x", b = WIN_ENV }', 'manifest'), [])
  })
})
