// What others can put in Safelight's way as a file that it trusts at the door: a catalog whose folders lead out of the library, and a plugin.json
// that somebody else wrote.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { listWanted } from '../../helper/journal/wanted.js'
import { pluginFile, readPluginFile, writePluginFile } from '../../helper/service/plugin-file.js'
import { studio } from '../offsite/support.js'
import { makeCatalog } from '../support/catalog.js'
import { freshFolder, makeTree, namesBelow } from '../support/shoots.js'

describe('a catalog with root folders that lead out', () => {
  it('brings nothing from there into any copy, and what lies in its own folders is protected all the same', async () => {
    const room = studio({ Wedding: { 'IMG_1.CR3': 700 } })
    try {
      makeTree(path.join(room.root, 'private'), { 'SECRET_1.CR3': 500, below: { 'SECRET_2.CR3': 500 } })
      const photos = { '': [{ name: 'SECRET_1.CR3' }], 'below/': [{ name: 'SECRET_2.CR3' }] }
      const catalog = path.join(room.root, 'Lightroom', 'Wedding.lrcat')
      fs.mkdirSync(path.dirname(catalog))
      makeCatalog(catalog, {
        roots: {
          '../../etc': { '': [{ name: 'passwd' }] },
          '../../etc/': { '': [{ name: 'passwd.CR3' }] },
          '/etc/': { '': [{ name: 'shadow.CR3' }] },
          '/': { 'etc/': [{ name: 'hosts.CR3' }] },
          '../private/': photos,
          [`${room.originals}/../private/`]: photos,
          [`${room.originals}/./../private/`]: photos,
          [`${room.originals}/`]: { 'Wedding/': [{ name: 'IMG_1.CR3' }], '../private/': [{ name: 'SECRET_1.CR3' }] },
        },
      })
      await room.call('place/add', { path: room.drive })
      await room.call('catalog/backup', { catalog })
      await room.call('catalog/check', { catalog })
      await room.with(async (daemon) => {
        const wanted = listWanted(daemon.journal).map(({ root, pathFromRoot, name }) => [root, pathFromRoot, name])
        assert.deepEqual(wanted, [[room.originals, 'Wedding', 'IMG_1.CR3']])
        const never = 2 ** 30
        const queue = daemon.startQueue({ driveCheckMs: never, retryMs: never, sweepMs: never }, (error) => {
          throw error
        })
        await queue.idle()
        await queue.close()
      })
      const copies = namesBelow(path.join(room.drive, 'Safelight', 'Photos')).map((name) => path.basename(name))
      assert.ok(copies.includes('IMG_1.CR3'), copies.join())
      assert.deepEqual(
        copies.filter((name) => /SECRET|passwd|shadow|hosts/.test(name)),
        [],
      )
    } finally {
      room.remove()
    }
  })
})

describe('a plugin.json that somebody else wrote', () => {
  const good = {
    format: 1,
    token: 'a'.repeat(64),
    command: ['/usr/bin/node', '/app/main.js'],
    home: '/h',
    version: '1',
  }
  const hostile: readonly (readonly [string, string])[] = [
    ['text', 'hello'],
    ['nothing', ''],
    ['a list', '[]'],
    ['null', 'null'],
    ['deep nesting', '['.repeat(100_000)],
    ['megabytes', JSON.stringify({ ...good, token: 'a'.repeat(5_000_000) })],
    ['a short secret', JSON.stringify({ ...good, token: 'a'.repeat(63) })],
    ['a secret with a line end', JSON.stringify({ ...good, token: `${'a'.repeat(64)}\n` })],
    ['a secret that is a number', JSON.stringify({ ...good, token: 1 })],
    ['no command', JSON.stringify({ ...good, command: [] })],
    ['a command that is one text', JSON.stringify({ ...good, command: '/bin/sh -c evil' })],
    ['a command of objects', JSON.stringify({ ...good, command: [{}] })],
    ['another format', JSON.stringify({ ...good, format: 2 })],
    ['members of a prototype', '{"__proto__":{"format":1,"token":"x","command":["/bin/sh"],"home":"/","version":"1"}}'],
  ]
  for (const [name, text] of hostile)
    it(`is not believed: ${name}; the next install writes a whole one, with a secret of its own`, () => {
      const home = freshFolder()
      try {
        fs.writeFileSync(pluginFile(home), text, { mode: 0o600 })
        assert.equal(readPluginFile(home), undefined)
        const { token, command } = writePluginFile(home, { command: ['/usr/bin/node', '/app/main.js'], version: '1' })
        assert.match(token, /^[0-9a-f]{64}$/)
        assert.notEqual(token, good.token)
        assert.deepEqual(command, good.command)
        assert.deepEqual(readPluginFile(home)?.token, token)
      } finally {
        fs.rmSync(home, { recursive: true })
      }
    })
})
