import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { catalogsIn, findCatalogs } from '../../helper/catalog/preferences.js'
import { freshFolder } from '../support/shoots.js'

describe('the catalogs that Lightroom knows', () => {
  it('are read from its preferences, whatever the quoting', () => {
    const windows = String.raw`prefs = { libraryToLoad20 = "C:\\Users\\Ansel\\Pictures\\Lightroom\\Lightroom Catalog-v13.lrcat", recentLibraries20 = "recentLibraries = {\n\t\"D:\\\\Jobs, 2026\\\\Weddings.lrcat\",\n\t\"C:\\\\Users\\\\Ansel\\\\Pictures\\\\Lightroom\\\\Lightroom Catalog-v13.lrcat\" }" }`
    assert.deepEqual(catalogsIn(windows), [
      String.raw`C:\Users\Ansel\Pictures\Lightroom\Lightroom Catalog-v13.lrcat`,
      String.raw`D:\Jobs, 2026\Weddings.lrcat`,
    ])
    const mac =
      '<key>libraryToLoad20</key>\n<string>/Users/ansel/Pictures/Lightroom/Zoë & co.lrcat</string>\n<string>"/Volumes/A/B.lrcat-data"</string>'
    assert.deepEqual(catalogsIn(mac.replace('&', 'and')), ['/Users/ansel/Pictures/Lightroom/Zoë and co.lrcat'])
    assert.deepEqual(catalogsIn('nothing here'), [])
  })

  it('are offered only where they are', async () => {
    const home = freshFolder({ inMemory: true })
    const preferences = path.join(home, 'roaming', 'Adobe', 'Lightroom', 'Preferences')
    const usual = path.join(home, 'Pictures', 'Lightroom')
    for (const folder of [preferences, usual]) fs.mkdirSync(folder, { recursive: true })
    const named = path.join(home, 'Jobs.lrcat')
    for (const file of [named, path.join(usual, 'Old.lrcat')]) fs.writeFileSync(file, '')
    fs.writeFileSync(
      path.join(preferences, 'Lightroom Classic CC 7 Preferences.agprefs'),
      `a = "${named}", b = "${home}/Gone.lrcat"`,
    )
    const found = await findCatalogs('win32', { home, appData: path.join(home, 'roaming') })
    assert.deepEqual(found, [named, path.join(usual, 'Old.lrcat')])
    fs.rmSync(home, { recursive: true })
  })
})
