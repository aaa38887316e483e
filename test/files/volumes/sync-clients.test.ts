import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  parseDropboxInfo,
  syncClientIn,
  syncClientOf,
  type SyncFacts,
} from '../../../helper/files/volumes/sync-clients.js'

const NO_FACTS: SyncFacts = { roots: [], kindOf: () => undefined }

describe('a folder of a sync client', () => {
  const byName: readonly (readonly [string, string, string | undefined])[] = [
    ['/Users/ann/Library/CloudStorage/Dropbox/Photos', '/Users/ann', 'Dropbox'],
    ['/Users/ann/Library/CloudStorage/OneDrive-Personal', '/Users/ann', 'OneDrive'],
    ['/Users/ann/Library/CloudStorage/OneDrive-SharedLibraries-Contoso/x', '/Users/ann', 'OneDrive'],
    ['/Users/ann/Library/CloudStorage/GoogleDrive-ann@example.org/My Drive', '/Users/ann', 'Google Drive'],
    ['/Users/ann/Library/Mobile Documents/com~apple~CloudDocs/Photos', '/Users/ann', 'iCloud Drive'],
    ['/Users/ann/Dropbox (Personal)', '/Users/ann/', 'Dropbox'],
    ['/home/ann/Google Drive/x', '/home/ann', 'Google Drive'],
    ['C:\\Users\\Ann\\OneDrive - Contoso\\Pictures', 'C:\\Users\\ann', 'OneDrive'],
    ['c:\\users\\ann\\iCloudDrive', 'C:\\Users\\Ann', 'iCloud Drive'],
    ['C:\\Users\\Ann\\My Drive\\x', 'C:\\Users\\Ann', 'Google Drive'],
    ['/Users/ann/Pictures/Dropbox export', '/Users/ann', undefined],
    ['/Users/ann/Pictures/Dropbox', '/Users/ann', undefined],
    ['/Users/ann/Dropboxes', '/Users/ann', undefined],
    ['/Volumes/Backup/OneDrive', '/Users/ann', undefined],
    ['/Users/annabel/Dropbox', '/Users/ann', undefined],
    ['/Users/ann', '/Users/ann', undefined],
  ]
  for (const [path, home, client] of byName)
    it(`${path} ${client === undefined ? 'is nobody’s' : `is ${client}’s`}`, () => {
      assert.equal(syncClientIn(path, home, NO_FACTS), client)
    })

  it('is known by the marker in any folder above, wherever it lies', () => {
    const markers: Readonly<Record<string, 'file' | 'folder'>> = {
      '/data/box/.dropbox': 'file',
      '/data/one/.849C9593-D756-4E56-8D6E-42412F2A707B': 'file',
      'G:\\.shortcut-targets-by-id': 'folder',
    }
    const facts: SyncFacts = { roots: [], kindOf: (path) => markers[path] }
    assert.equal(syncClientIn('/data/box/Photos/2024', '/home/ann', facts), 'Dropbox')
    assert.equal(syncClientIn('/data/one', '/home/ann', facts), 'OneDrive')
    assert.equal(syncClientIn('G:\\Mon Drive\\Photos', 'C:\\Users\\Ann', facts), 'Google Drive')
    assert.equal(syncClientIn('/data/boxes', '/home/ann', facts), undefined)
  })

  it('is not the home folder just because Dropbox keeps its settings there', () => {
    const facts: SyncFacts = { roots: [], kindOf: (path) => (path === '/home/ann/.dropbox' ? 'folder' : undefined) }
    assert.equal(syncClientIn('/home/ann/Pictures', '/home/ann', facts), undefined)
  })

  it('is known by what the client has recorded, without regard to how accents are composed', () => {
    const facts: SyncFacts = { ...NO_FACTS, roots: [{ client: 'Dropbox', folder: '/Volumes/X/Ablage\u0301' }] }
    assert.equal(syncClientIn('/Volumes/X/Ablag\u00e9/2024', '/Users/ann', facts), 'Dropbox')
    assert.equal(syncClientIn('/Volumes/X', '/Users/ann', facts), undefined)
  })

  it("Dropbox's record names the folder of every account; a damaged one names none", () => {
    const record =
      '{"personal": {"path": "/d/Dropbox (Personal)", "host": 1}, "business": {"path": "/d/Firm", "is_team": true}}'
    assert.deepEqual(parseDropboxInfo(record), ['/d/Dropbox (Personal)', '/d/Firm'])
    for (const damaged of ['', '{', '[]', '{"personal": 7}', 'null']) assert.deepEqual(parseDropboxInfo(damaged), [])
  })
})

describe('a folder of a sync client on this disk', () => {
  let home = ''
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'safelight-sync-'))
  })
  afterEach(() => rmSync(home, { recursive: true }))

  it('is found through a symbolic link, and before the folder in it is made', () => {
    mkdirSync(join(home, 'Dropbox'))
    mkdirSync(join(home, 'elsewhere'))
    symlinkSync(join(home, 'Dropbox'), join(home, 'elsewhere', 'link'))
    assert.equal(syncClientOf(join(home, 'elsewhere', 'link', 'new', 'folder'), home), 'Dropbox')
    assert.equal(syncClientOf(join(home, 'elsewhere'), home), undefined)
  })

  it('is found by the records of the clients', () => {
    mkdirSync(join(home, '.dropbox'))
    writeFileSync(join(home, '.dropbox', 'info.json'), JSON.stringify({ personal: { path: join(home, 'Sync') } }))
    assert.equal(syncClientOf(join(home, 'Sync', 'a'), home, {}), 'Dropbox')
    assert.equal(syncClientOf(join(home, 'Work', 'a'), home, { OneDriveCommercial: join(home, 'Work') }), 'OneDrive')
    assert.equal(syncClientOf(join(home, 'Pictures'), home, {}), undefined)
  })

  it('is the desktop that iCloud Drive keeps', () => {
    const cloud = join(home, 'Library', 'Mobile Documents', 'com~apple~CloudDocs')
    mkdirSync(cloud, { recursive: true })
    mkdirSync(join(home, 'Desktop'))
    assert.equal(syncClientOf(join(home, 'Desktop', 'Card'), home), undefined)
    symlinkSync(join(home, 'Desktop'), join(cloud, 'Desktop'))
    assert.equal(syncClientOf(join(home, 'Desktop', 'Card'), home), 'iCloud Drive')
  })
})
