import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { describeInBrowser, shoot, visit } from '../support/browser.js'
import { deferred } from '../server/support.js'
import { fillLibrary, openWorld, type World } from './world.js'

const headline = (page: Page, text: string) => page.getByRole('heading', { level: 1, name: text })

describeInBrowser('the page', (browser) => {
  let world: World
  before(async () => {
    world = await openWorld()
    await fillLibrary(world)
  })
  after(() => world.close())

  for (const width of [1280, 390] as const)
    for (const theme of ['light', 'dark'] as const)
      it(`fits ${width} px in the ${theme}, asks nothing of the world and has no complaint`, async () => {
        const { page, context, complaints } = await visit(browser(), { width, theme })
        await page.goto(await world.link())
        await headline(page, 'Everything is protected.').waitFor()
        await page.getByRole('rowheader').first().waitFor()
        await shoot(page, `protected-${width}-${theme}`)
        const tooWide = await page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        )
        assert.ok(Number(tooWide) <= 0, `the page is ${String(tooWide)} px too wide`)
        assert.deepEqual(complaints, [])
        await context.close()
      })

  it('has no code in its address or its history, survives a reload, and opens nowhere else', async () => {
    const { page, context } = await visit(browser())
    const link = await world.link()
    await page.goto(link)
    await headline(page, 'Everything is protected.').waitFor()
    assert.match(page.url(), /^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/$/)
    assert.equal(await page.evaluate('document.cookie'), '', 'no script sees the session')
    await page.reload()
    await headline(page, 'Everything is protected.').waitFor()
    const stranger = await visit(browser())
    assert.equal((await stranger.page.goto(page.url()))?.status(), 401)
    assert.equal((await stranger.page.goto(link))?.status(), 401)
    await stranger.context.close()
    await context.close()
  })

  it('says what is protected, what is not, what to do next, in this order, with landmarks and names for all', async () => {
    const { page, context } = await visit(browser())
    await page.goto(await world.link())
    await page.getByRole('rowheader').first().waitFor()
    for (const landmark of ['banner', 'navigation', 'main', 'contentinfo'] as const)
      assert.ok((await page.getByRole(landmark).count()) > 0, landmark)
    const headings = await page.getByRole('heading').allTextContents()
    assert.deepEqual(headings.slice(0, 3), ['Everything is protected.', 'What to do next', 'Shoots and where they are'])
    const nameless = await page.evaluate(
      `[...document.querySelectorAll('a,button,input,progress,meter,svg')].filter((e) => !(e.textContent.trim() || e.getAttribute('aria-label') || e.closest('label')?.textContent.trim())).map((e) => e.outerHTML)`,
    )
    assert.deepEqual(nameless, [])
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the content')
    await page.keyboard.press('Enter')
    assert.equal(await page.evaluate('document.activeElement.id'), 'main')
    await context.close()
  })

  it('asks for the open shoots alone, and for one shoot by its name, never for the whole list', async () => {
    const { page, context } = await visit(browser())
    const asked: { method: string; params: Record<string, unknown> }[] = []
    page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => asked.push(JSON.parse(String(payload)) as (typeof asked)[number])),
    )
    await page.goto(await world.link())
    await page.getByRole('rowheader').first().waitFor()
    await page.getByRole('link', { name: 'Only open ones' }).click()
    await page.getByText('No shoots here.').waitFor()
    await page.getByRole('link', { name: 'Show all' }).click()
    await page.getByRole('link', { name: 'Pictures/2026/Iceland' }).click()
    await page.getByRole('button', { name: 'Verify' }).waitFor()
    const lists = asked.filter(({ method }) => method === 'shoots/list').map(({ params }) => params)
    assert.ok(lists.some(({ onlyOpen }) => onlyOpen === true))
    assert.ok(lists.some(({ shoot }) => shoot === 'Pictures/2026/Iceland'))
    for (const { limit } of lists) assert.ok(Number(limit) <= 50, JSON.stringify(lists))
    await context.close()
  })

  it('finds a photo by its name, its hash and its day', async () => {
    const { page, context } = await visit(browser())
    await page.goto(await world.link())
    const field = page.getByRole('searchbox', { name: 'File name, day or hash' })
    await field.fill('img_0412')
    await page.getByRole('link', { name: 'IMG_0412.CR3' }).waitFor()
    const hash = await page.locator('#find code').first().getAttribute('title')
    await field.fill((hash ?? '').slice(0, 10))
    await page.getByText(/1 file with the hash/).waitFor()
    await page.getByRole('link', { name: 'IMG_0412.CR3' }).waitFor()
    await field.fill('2024-06')
    await page.getByText(/8 files changed on "2024-06"/).waitFor()
    await context.close()
  })

  it('verifies and heals a damaged copy from the page, with the plan shown first, by the keyboard', async () => {
    const copy = path.join(
      world.folder,
      'Studio SSD',
      'Safelight',
      'Photos',
      'Pictures',
      '2026',
      'Iceland',
      'IMG_0412.CR3',
    )
    const bytes = fs.readFileSync(copy)
    const { mtimeMs, atimeMs } = fs.statSync(copy)
    bytes[4711] = (bytes[4711] ?? 0) ^ 1
    fs.writeFileSync(copy, bytes)
    fs.utimesSync(copy, atimeMs / 1000, mtimeMs / 1000)
    const { page, context, complaints } = await visit(browser())
    await page.goto(await world.link())
    await page.getByRole('link', { name: 'Pictures/2026/Iceland' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Verify' }).focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Verify now' }).click()
    await dialog.getByRole('img', { name: 'needs attention' }).waitFor()
    await dialog
      .getByText(/IMG_0412\.CR3/)
      .first()
      .waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'Safelight' }).first().click()
    await page
      .getByText(/Missing:.*damaged/)
      .first()
      .waitFor()
    await shoot(page, 'damaged-1280-light')
    await page.getByRole('button', { name: 'Show what would be healed' }).click()
    await dialog.getByText(/Iceland\/IMG_0412\.CR3 on Studio SSD is damaged: again from/).waitFor()
    assert.ok(
      !fs
        .readFileSync(copy)
        .equals(fs.readFileSync(path.join(world.folder, 'internal/Pictures/2026/Iceland/IMG_0412.CR3'))),
      'the plan changed nothing',
    )
    await shoot(page, 'heal-plan-1280-light')
    await dialog.getByRole('button', { name: 'Heal now' }).click()
    await dialog.getByRole('img', { name: 'done' }).waitFor()
    await dialog.getByRole('button', { name: 'Close' }).click()
    await headline(page, 'Everything is protected.').waitFor()
    assert.ok(
      fs
        .readFileSync(copy)
        .equals(fs.readFileSync(path.join(world.folder, 'internal/Pictures/2026/Iceland/IMG_0412.CR3'))),
    )
    assert.deepEqual(complaints, [])
    await context.close()
  })

  it('shows what the helper is working on, whoever asked for it', async () => {
    const { page, context } = await visit(browser())
    await page.goto(await world.link())
    await headline(page, 'Everything is protected.').waitFor()
    const { promise, resolve } = deferred()
    const work = world.activity.during('Copying a shoot', async (progress) => {
      progress({
        stage: 'copy',
        filesDone: 1,
        filesTotal: 3,
        bytesDone: 10e6,
        bytesTotal: 30e6,
        bytesPerSecond: 5e6,
        secondsLeft: 4,
      })
      await promise
    })
    await page.getByRole('heading', { name: 'Working on it now' }).waitFor()
    await page.getByText('1 of 3 files · 10 MB of 30 MB · 5 MB/s · 4 seconds left').waitFor()
    await shoot(page, 'working-1280-light')
    resolve()
    await work
    await page.getByRole('heading', { name: 'Working on it now' }).waitFor({ state: 'detached' })
    await context.close()
  })

  it('prints a proof that claims what the helper says now', async () => {
    const { page, context } = await visit(browser())
    await page.goto(await world.link())
    await page.getByRole('link', { name: 'Proof', exact: true }).click()
    await page.getByText(/Every file named here is kept at three or more places/).waitFor()
    assert.equal(await page.locator('.proof-table tbody tr').count(), 3)
    await page.emulateMedia({ media: 'print' })
    assert.equal(await page.getByRole('button', { name: 'Print' }).isVisible(), false)
    await shoot(page, 'proof-print')
    await context.close()
  })
})

describeInBrowser('a page whose helper is gone', (browser) => {
  it('turns red, says how old it is, and never shows a green again by itself', async () => {
    const world = await openWorld()
    try {
      await fillLibrary(world)
      const { page, context } = await visit(browser())
      await page.clock.install()
      await page.goto(await world.link())
      await headline(page, 'Everything is protected.').waitFor()
      await world.stop()
      await page.clock.fastForward(11_000)
      await headline(page, 'The Safelight helper does not answer.').waitFor()
      await page.getByText(/is 1[0-9] seconds old and may no longer be true/).waitFor()
      assert.match(await page.title(), /does not answer/)
      assert.equal(await page.locator('.verdict-good').count(), 0)
      await page.clock.fastForward('02:00:00')
      await page.getByText(/is 2 hours old and may no longer be true/).waitFor()
      await shoot(page, 'silent-1280-light')
      await context.close()
    } finally {
      await world.close()
    }
  })
})
