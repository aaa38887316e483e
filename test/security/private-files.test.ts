// Other users of this computer: what Safelight keeps in its home is its owner's alone, even where the account's umask gives everything away.
// The folder above may be opened by mistake one day; then the modes of the files are all that is left, so each is looked at.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { execa } from 'execa'
import { freshFolder, makeTree } from '../support/shoots.js'
import { makeCatalog } from '../support/catalog.js'
import { MAIN } from '../support/safelight.js'

describe('other users of this computer', () => {
  it('can read nothing that Safelight keeps in its home, under an umask of 0, while it works and afterwards', async function () {
    if (process.platform === 'win32') this.skip()
    this.timeout(120_000)
    const root = freshFolder()
    const at = (...parts: string[]): string => path.join(root, ...parts)
    const home = at('home')
    const run = (...args: string[]) =>
      execa('sh', ['-c', 'umask 0; exec "$@"', 'sh', process.execPath, MAIN, ...args, '--json', '--home', home], {
        reject: false,
        stdin: 'ignore',
        env: { HOME: at('user'), XDG_STATE_HOME: at('user', 'state') },
      })
    try {
      makeTree(at('Pictures', 'Shoot'), { 'IMG_1.CR3': 3000, 'IMG_1.xmp': 'x' })
      fs.mkdirSync(at('Drive'))
      makeCatalog(at('Pictures', 'Library.lrcat'), {
        roots: { [`${at('Pictures')}/`]: { 'Shoot/': [{ name: 'IMG_1.CR3' }] } },
      })
      await run('backup', at('Pictures', 'Shoot'), '--to', at('Drive'))
      assert.deepEqual(readableByOthers(home), [], 'after a command')
      assert.equal((await run('start')).exitCode, 0)
      try {
        await run('catalog', 'backup', at('Pictures', 'Library.lrcat'))
        await run('catalog', 'check', at('Pictures', 'Library.lrcat'))
        assert.deepEqual(readableByOthers(home), [], 'while the helper runs')
      } finally {
        await run('stop')
      }
      assert.deepEqual(readableByOthers(home), [], 'when it has stopped')
      assert.ok(fs.existsSync(path.join(home, 'logs')), 'there were logs to look at')
    } finally {
      fs.rmSync(root, { recursive: true, force: true })
    }
  })

  it('see the modes mended of a home that was opened to them', async function () {
    if (process.platform === 'win32') this.skip()
    this.timeout(60_000)
    const root = freshFolder()
    try {
      const home = path.join(root, 'home')
      fs.mkdirSync(home, { mode: 0o777 })
      fs.chmodSync(home, 0o777)
      await execa(process.execPath, [MAIN, 'status', '--json', '--home', home], { reject: false, stdin: 'ignore' })
      assert.equal(fs.statSync(home).mode & 0o777, 0o700)
    } finally {
      fs.rmSync(root, { recursive: true, force: true })
    }
  })
})

function readableByOthers(folder: string): string[] {
  const names = ['.', ...fs.readdirSync(folder, { recursive: true, encoding: 'utf8' })]
  return names.flatMap((name) => {
    const mode = fs.lstatSync(path.join(folder, name), { throwIfNoEntry: false })?.mode ?? 0
    return (mode & 0o077) === 0 ? [] : [`${(mode & 0o777).toString(8)} ${name}`]
  })
}
