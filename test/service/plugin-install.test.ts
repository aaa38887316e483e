import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { pluginFile, readPluginFile } from '../../helper/service/plugin-file.js'
import { installPlugin, modulesFolder, PLUGIN_NAME, uninstallPlugin } from '../../helper/service/plugin-install.js'
import { makeHome, type TestHome } from './support.js'

describe('the plugin’s place in Lightroom', () => {
  let at: TestHome
  let source: string
  let modules: string
  let home: string
  beforeEach(() => {
    at = makeHome()
    source = path.join(at.home, 'dist', PLUGIN_NAME)
    // Adobe's own folder has blanks in its path on a Mac.
    modules = path.join(at.home, 'Application Support', 'Adobe', 'Lightroom', 'Modules')
    home = path.join(at.home, 'Safelight')
    mkdirSync(source, { recursive: true })
    writeFileSync(path.join(source, 'Info.lua'), 'return { VERSION = { major = 1 } }')
    writeFileSync(path.join(source, 'Init.lua'), 'local a = 1')
  })
  afterEach(() => at.remove())
  const install = (version = '0.1.0') =>
    installPlugin({ home, source, command: [process.execPath, '/opt/safelight/main.js'], version, modules })
  const installed = (name: string) => readFileSync(path.join(modules, PLUGIN_NAME, name), 'utf8')

  it('is whole after an install, with a secret that only its owner reads', () => {
    assert.deepEqual(install(), { plugin: path.join(modules, PLUGIN_NAME), replaced: undefined })
    assert.equal(installed('Init.lua'), 'local a = 1')
    assert.deepEqual(readdirSync(modules), [PLUGIN_NAME])
    assert.equal(statSync(pluginFile(home)).mode & 0o777, 0o600)
    assert.equal(statSync(home).mode & 0o777, 0o700)
    const { token, ...rest } = readPluginFile(home)!
    assert.match(token, /^[0-9a-f]{64}$/)
    assert.deepEqual(rest, { format: 1, command: [process.execPath, '/opt/safelight/main.js'], home, version: '0.1.0' })
  })

  it('replaces an earlier version whole, and keeps the secret that a running Lightroom knows', () => {
    install()
    const before = readPluginFile(home)!.token
    writeFileSync(path.join(source, 'Info.lua'), 'return { VERSION = { major = 2 } }')
    writeFileSync(path.join(modules, PLUGIN_NAME, 'Left.lua'), 'from an older version')
    assert.equal(install('0.2.0').replaced, '0.1.0')
    assert.match(installed('Info.lua'), /major = 2/)
    assert.ok(!existsSync(path.join(modules, PLUGIN_NAME, 'Left.lua')))
    assert.deepEqual(readdirSync(modules), [PLUGIN_NAME])
    assert.equal(readPluginFile(home)!.token, before)
    assert.equal(readPluginFile(home)!.version, '0.2.0')
  })

  it('clears away what an install left that was cut off, and nothing of anybody else', () => {
    mkdirSync(path.join(modules, '.Safelight-0123456789ab.new'), { recursive: true })
    mkdirSync(path.join(modules, 'Other.lrplugin'))
    install()
    assert.deepEqual(readdirSync(modules).sort(), ['Other.lrplugin', PLUGIN_NAME])
  })

  it('puts the old plugin back after a crash between the two renames, even when the next install fails', () => {
    install()
    renameSync(path.join(modules, PLUGIN_NAME), path.join(modules, '.Safelight-0123456789ab.old'))
    symlinkSync('/nowhere/at/all', path.join(source, 'Broken.lua'))
    assert.throws(() => install(), { code: 'LIGHTROOM_MISSING' })
    assert.match(installed('Info.lua'), /major = 1/)
    assert.deepEqual(readdirSync(modules), [PLUGIN_NAME])
  })

  it('leaves the installed plugin alone when the new one cannot be copied', function () {
    if (process.getuid?.() === 0 && process.platform !== 'win32') {
      // root may write anywhere, so a folder in the way stands in for a missing right
      install()
      writeFileSync(path.join(source, 'Info.lua'), 'return nil')
      writeFileSync(path.join(at.home, 'file'), '')
      const inTheWay = path.join(at.home, 'file', 'Modules')
      assert.throws(() => installPlugin({ home, source, command: ['/n'], version: '1', modules: inTheWay }), {
        code: 'LIGHTROOM_MISSING',
      })
    } else {
      install()
      chmodSync(modules, 0o500)
      writeFileSync(path.join(source, 'Info.lua'), 'return nil')
      assert.throws(() => install(), { code: 'LIGHTROOM_MISSING' })
      chmodSync(modules, 0o700)
    }
    assert.match(installed('Info.lua'), /major = 1/)
  })

  it('refuses to install a plugin that was never built', () => {
    assert.throws(
      () => installPlugin({ home, source: path.join(at.home, 'nowhere'), command: ['/n'], version: '1', modules }),
      { code: 'CONFIG_INVALID' },
    )
    assert.ok(!existsSync(modules))
  })

  it('is gone after an uninstall, and its secret with it', () => {
    install()
    assert.equal(uninstallPlugin({ home, modules }), true)
    assert.deepEqual(readdirSync(modules), [])
    assert.equal(readPluginFile(home), undefined)
    assert.equal(uninstallPlugin({ home, modules }), false)
  })

  it('is found where each system keeps it, and in words where there is no Lightroom', () => {
    const user = { home: at.home, appData: path.join(at.home, 'Roaming') }
    assert.throws(() => modulesFolder('linux', user), { code: 'LIGHTROOM_MISSING', message: /macOS and Windows only/ })
    assert.throws(() => modulesFolder('darwin', user), {
      code: 'LIGHTROOM_MISSING',
      message: /No Lightroom Classic was found/,
    })
    const mac = path.join(at.home, 'Library', 'Application Support', 'Adobe', 'Lightroom')
    const windows = path.join(at.home, 'Roaming', 'Adobe', 'Lightroom')
    for (const folder of [mac, windows]) mkdirSync(folder, { recursive: true })
    assert.equal(modulesFolder('darwin', user), path.join(mac, 'Modules'))
    assert.equal(modulesFolder('win32', user), path.join(windows, 'Modules'))
  })
})
