// The five menus against everything real behind them: bridge and helper as processes of their own. Each press must end in words, in a list or
// in a page, whatever is selected and whatever the helper does, and leave nothing behind in Lightroom.
import assert from 'node:assert/strict'
import path from 'node:path'
import fs from 'fs-extra'
import { linkWords } from '../../shared/words.js'
import { makeCatalog } from '../support/catalog.js'
import type { Dialog } from '../support/lightroom/host.js'
import { Journey } from './journey.js'

const RESTORE = 'Restore a Shoot…'
const PROTECT = 'Protect Selected Photos Now'
const STATUS = 'Backup Status…'
const CHECK = "Check Catalog's Files…"
const PAGE = 'Open Safelight Page'

/** What a helper is asked has limits in Lightroom's seconds; they are real ones here. */
const RATE = 1

describe('the menus with a live helper', function () {
  this.timeout(300_000)
  let journey: Journey

  beforeEach(async () => {
    journey = await Journey.prepare()
    fs.removeSync(journey.catalog)
    fs.ensureDirSync(path.join(journey.library, 'Small'))
    fs.writeFileSync(path.join(journey.library, 'Small', 'IMG_1.CR3'), 'raw')
    makeCatalog(journey.catalog, {
      roots: { [`${journey.library}/`]: { 'Small/': [{ name: 'IMG_1.CR3' }, { name: 'IMG_2.CR3' }] } },
    })
    await journey.startLightroom(RATE)
    journey.host.answer = ({ kind }) => (kind === 'modal' ? 'cancel' : 'ok')
  })
  afterEach(() => journey.end())

  /** @returns the last thing that was said, or undefined when a page was opened instead */
  async function press(title: string): Promise<Dialog | undefined> {
    const { host } = journey
    const pages = host.openedUrls.length
    host.dialogs.length = 0
    assert.equal(host.pressMenu(title), 'ran')
    await host.waitFor(() => host.dialogs.length > 0 || host.openedUrls.length > pages, 600, 120_000)
    await host.waitFor(() => host.progress.every(({ isDone }) => isDone), 60)
    return host.dialogs.at(-1)
  }

  function bigShoot(count: number): string[] {
    const folder = path.join(journey.library, 'Big')
    fs.ensureDirSync(folder)
    return Array.from({ length: count }, (_, index) => {
      const file = path.join(folder, `IMG_${String(index + 1).padStart(4, '0')}.CR3`)
      fs.writeFileSync(file, `raw ${index}`)
      return file
    })
  }

  it('say what happens with nothing selected, with 5,000 selected, and while the helper is busy with them', async () => {
    const { host } = journey
    assert.equal((await press(RESTORE))?.title, 'Safelight knows no shoot yet.')
    assert.equal((await press(PROTECT))?.title, 'No photo is selected.')
    assert.equal((await press(STATUS))?.title, 'Safelight: Backup Status')
    const checked = await press(CHECK)
    assert.equal(checked?.title, "Safelight: Check Catalog's Files")
    assert.match(checked.text, /2 files checked/)
    assert.match(checked.text, /missing: .*IMG_2\.CR3/)
    assert.equal(await press(PAGE), undefined)
    assert.match(host.openedUrls.at(-1) ?? '', /^http:\/\/127\.0\.0\.1:\d+\//)

    host.import(bigShoot(5000))
    host.select(5000)
    assert.equal((await press(PROTECT))?.title, '5000 of 5000 selected photos handed to Safelight.')

    const status = await press(STATUS)
    assert.equal(status?.title, 'Safelight: Backup Status')
    assert.doesNotMatch(status.text, /All photos together: protected/)
    assert.equal(await press(PAGE), undefined)
    assert.match((await press(CHECK))?.text ?? '', /2 files checked/)
    await journey.until('the shoot is known', async () =>
      ((await journey.safelight('shoots')) as { shoots: { id: string }[] }).shoots.some(
        ({ id }) => id === 'Weddings/Big',
      ),
    )
    const list = await press(RESTORE)
    assert.equal(list?.title, 'Safelight: Restore a Shoot')
    assert.match(list.text, /Weddings\/Big/)
    assert.deepEqual(host.faults, [])
  })

  it('are red in words when the helper was stopped, and work again when it is started', async () => {
    const { host } = journey
    assert.equal((await press(STATUS))?.title, 'Safelight: Backup Status')
    host.import(bigShoot(1))
    host.select(1)
    await journey.safelight('stop')
    for (const title of [RESTORE, PROTECT, STATUS, CHECK, PAGE]) {
      const said = await press(title)
      assert.equal(said?.style, 'critical', `${title}: ${said?.title ?? ''}`)
      assert.match(`${said.title} ${said.text}`, /helper|Safelight/)
      assert.notEqual(said.title, linkWords('versions-differ').headline)
      assert.ok(said.text.length > 20, said.text)
    }
    assert.equal(host.openedUrls.length, 0)
    await journey.safelight('start')
    await journey.until('the menus work again', async () => (await press(STATUS))?.title === 'Safelight: Backup Status')
    assert.deepEqual(host.faults, [])
  })
})
