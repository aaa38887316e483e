import assert from 'node:assert/strict'
import nodePath from 'node:path'
import fc from 'fast-check'
import { judgePath, type PathPlatform } from '../../helper/server/path-guard.js'

const POSIX = ['/Volumes/Photos/2026', '/home/ansel/Bilder/Mü']
const WINDOWS = ['D:\\Photos\\2026', '\\\\nas\\photos\\Weddings']

function why(path: string, platform: PathPlatform, folders = platform === 'win32' ? WINDOWS : POSIX): string {
  const judgement = judgePath(path, folders, platform)
  return judgement.ok ? 'ok' : judgement.why
}

describe('whether a path from a message may be read', () => {
  it('allows what lies below a folder of the catalog, in the spellings that Lightroom uses', () => {
    assert.equal(why('/Volumes/Photos/2026/Iceland/IMG_1.CR3', 'linux'), 'ok')
    assert.equal(why('/Volumes/Photos/2026//Iceland/..IMG', 'linux'), 'ok')
    assert.equal(why('/home/ansel/Bilder/Mu\u0308/é.dng', 'darwin'), 'ok', 'the other Unicode spelling')
    assert.notEqual(why('/home/ansel/Bilder/Mu\u0308/é.dng', 'linux'), 'ok', 'another folder there')
    assert.notEqual(why('D:\\STRASSE\\x', 'win32', ['D:\\Straße']), 'ok', 'another folder there')
    assert.equal(why('d:/photos/2026/Iceland/IMG_1.CR3', 'win32'), 'ok')
    assert.equal(why('\\\\NAS\\Photos\\weddings\\a.cr3', 'win32'), 'ok')
    assert.equal(why('/Volumes/Photos/2026/con', 'linux'), 'ok', 'a device on Windows alone')
    assert.deepEqual(judgePath('D:\\x.cr3', ['C:\\', 'D:\\'], 'win32'), { ok: true, folder: 'D:\\' })
  })

  it('refuses each way out of those folders, and names it', () => {
    const refused: [string, PathPlatform, string][] = [
      ['', 'linux', 'empty'],
      ['IMG_1.CR3', 'linux', 'not absolute'],
      ['C:\\x', 'linux', 'not absolute'],
      ['/Volumes/Photos/2026/../../../etc/passwd', 'linux', 'contains . or ..'],
      ['/Volumes/Photos/2026/./x', 'linux', 'contains . or ..'],
      ['/Volumes/Photos/2026\0/x', 'linux', 'control character'],
      ['/Volumes/Photos/2026/\ud800.cr3', 'linux', 'not well-formed text'],
      [`/Volumes/Photos/2026/${'x'.repeat(33_000)}`, 'linux', 'too long'],
      ['/Volumes/Photos/20266/x', 'linux', 'outside the catalog’s folders'],
      ['/Volumes/Photos', 'linux', 'outside the catalog’s folders'],
      ['/volumes/photos/2026/x', 'linux', 'outside the catalog’s folders'],
      ['D:\\Photos\\2026\\..\\..\\Windows\\win.ini', 'win32', 'contains . or ..'],
      ['D:Photos\\2026\\x', 'win32', 'not absolute'],
      ['\\Photos\\2026\\x', 'win32', 'not absolute'],
      ['\\\\evil\\photos\\Weddings\\x', 'win32', 'outside the catalog’s folders'],
      ['\\\\nas', 'win32', 'not absolute'],
      ['\\\\?\\D:\\Photos\\2026\\x', 'win32', 'device'],
      ['\\\\.\\PhysicalDrive0', 'win32', 'device'],
      ['//?/GLOBALROOT/Device', 'win32', 'device'],
      ['\\??\\D:\\Photos\\2026\\x', 'win32', 'device'],
      ['D:\\Photos\\2026\\NUL', 'win32', 'device'],
      ['D:\\Photos\\2026\\com1.cr3', 'win32', 'device'],
      ['D:\\Photos\\2026\\LPT¹', 'win32', 'device'],
      ['D:\\Photos\\2026\\aux .txt', 'win32', 'device'],
      ['D:\\Photos\\2026\\nul. ', 'win32', 'device'],
      ['D:\\Photos\\2026\\a.cr3:hidden', 'win32', 'alternate data stream'],
      ['D:\\Photos\\2026::$INDEX_ALLOCATION\\a', 'win32', 'alternate data stream'],
      ['D:\\Photos\\2026\\a.cr3.', 'win32', 'ambiguous name'],
      ['D:\\Photos\\2026\\*.cr3', 'win32', 'ambiguous name'],
      ['E:\\Photos\\2026\\x', 'win32', 'outside the catalog’s folders'],
    ]
    for (const [path, platform, expected] of refused) assert.equal(why(path, platform), expected, path.slice(0, 80))
  })

  it('allows nothing by a folder that is itself no plain absolute path', () => {
    for (const folder of ['', '.', '/Volumes/..', 'relative', '/a\0'])
      assert.equal(why('/Volumes/Photos/2026/x', 'linux', [folder]), 'outside the catalog’s folders')
    assert.equal(why('D:\\x', 'win32', ['\\\\?\\D:\\']), 'outside the catalog’s folders')
  })

  const piece = fc.oneof(
    fc.constantFrom(
      '..',
      '.',
      '...',
      '',
      ' ',
      'NUL',
      'con.cr3',
      'a:b',
      'Photos',
      '2026',
      'Mu\u0308',
      'Mü',
      '%2e%2e',
      '~',
      '$',
      'PHOTOS~1',
    ),
    fc.constantFrom(
      '/',
      '\\',
      '//',
      '\\\\',
      '\\\\?\\',
      '\\\\.\\',
      '\0',
      '\u202e',
      '\uff0e\uff0e',
      '\u2215',
      ':',
      '::$DATA',
      '\ud800',
    ),
    fc.constantFrom(
      'D:',
      'd:/',
      'D:\\Photos\\2026\\',
      '/Volumes/Photos/2026/',
      '\\\\nas\\photos\\Weddings\\',
      '/etc/passwd',
      'C:\\Windows',
    ),
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.constant('x'.repeat(17_000)),
  )
  const hostile = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))
  const started = fc.tuple(
    fc.constantFrom('', 'D:\\Photos\\2026\\', '/Volumes/Photos/2026/', '/home/ansel/Bilder/Mü/'),
    hostile,
  )

  for (const platform of ['linux', 'darwin', 'win32'] as const)
    it(`lets none of 10,000 hostile paths out of the folders, as the system itself resolves them (${platform})`, () => {
      const folders = platform === 'win32' ? WINDOWS : POSIX
      const system = nodePath[platform === 'win32' ? 'win32' : 'posix']
      const spell = (path: string) => (platform === 'darwin' ? path.normalize('NFC') : path)
      let allowed = 0
      fc.assert(
        fc.property(started, ([start, rest]) => {
          const path = start + rest
          const judgement = judgePath(path, folders, platform)
          if (!judgement.ok) return
          allowed += 1
          const way = system.relative(system.resolve(spell(judgement.folder)), system.resolve(spell(path)))
          assert.ok(way !== '..' && !way.startsWith(`..${system.sep}`), path)
          assert.ok(!system.isAbsolute(way) && !path.includes('\0') && path.length <= 32_767, path)
        }),
        { numRuns: 10_000, seed: 20261123 },
      )
      assert.ok(allowed > 100, `only ${allowed} paths were allowed at all; the test would prove nothing`)
    })
})
