// The page that lies on the drives, as a browser and a person meet it: it needs no script, says of when it is, and is there after each run.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { chromium } from 'playwright-core'
import { statusHtml } from '../../helper/status/status-html.js'
import { statusLines } from '../../helper/status/lines.js'
import type { Shoot, StatusResult } from '../../shared/methods.js'
import { backup, foldersAsDisks } from '../support/daemon.js'
import { scratch } from '../support/tree.js'

const CHROMIUM = '/usr/bin/chromium'

const proven = '2026-11-20T08:00:00.000Z'
const SHOOTS: Shoot[] = [
  {
    id: 'Pictures/2026/Iceland',
    files: 640,
    bytes: 19_200_000_000,
    verdict: 'protected',
    places: [
      { place: 'working', files: 640, verified: 640, provenAt: proven },
      { place: 'Studio SSD', files: 640, verified: 640, provenAt: proven },
      { place: 'Frankfurt', files: 640, verified: 640, provenAt: proven },
    ],
  },
  {
    id: 'Pictures/2026/<script>alert("x")</script> & Wedding',
    files: 212,
    bytes: 6_000_000_000,
    verdict: 'partly',
    places: [
      { place: 'working', files: 212, verified: 212, provenAt: proven },
      { place: 'Studio SSD', files: 212, verified: 200, provenAt: proven },
    ],
  },
]
const OPEN: StatusResult = {
  ok: false,
  exitCode: 10,
  summary: '1 of 2 shoots is not fully protected.',
  verdict: 'partly',
  originals: 'partly',
  helper: 'running',
  asOf: '2026-11-23T08:05:00.000Z',
  files: 852,
  bytes: 25_200_000_000,
  shoots: { protected: 1, partly: 1, atRisk: 0, unknown: 0 },
  notProtected: [
    {
      id: 'Pictures/2026/<script>alert("x")</script> & Wedding',
      verdict: 'partly',
      missing: ['a third copy', 'an off-site copy', '12 of 212 files not verified on Studio SSD'],
    },
  ],
  catalogs: [
    { name: 'Weddings', path: '/p/Weddings.lrcat', lastBackupAt: proven, judgement: 'good', verdict: 'protected' },
  ],
  places: [
    {
      id: 'a',
      name: 'Studio SSD',
      kind: 'drive',
      path: '/Volumes/Studio SSD',
      state: 'here',
      role: 'drive',
      verified: 840,
      freeBytes: 1_500_000_000_000,
      totalBytes: 2_000_000_000_000,
      lastSeenAt: proven,
      warnings: [],
    },
    {
      id: 'b',
      name: 'Frankfurt',
      kind: 'bucket',
      path: 's3://b',
      state: 'here',
      role: 'bucket',
      isOffSite: true,
      verified: 640,
      warnings: [],
    },
  ],
  score: [
    { rule: 'copies', wanted: 3, have: 2, isMet: false, provenAt: proven, how: 'cached' },
    { rule: 'media', wanted: 2, have: 2, isMet: true, provenAt: proven, how: 'cached' },
    { rule: 'off-site', wanted: 1, have: 0, isMet: false },
    { rule: 'extra', wanted: 1, have: 1, isMet: true, provenAt: proven, how: 'unplugged' },
    { rule: 'errors', wanted: 0, have: 0, isMet: true, provenAt: proven, how: 'drill' },
  ],
  next: ['Leave the computer on until the upload is confirmed'],
  notices: [],
}
const WELL: StatusResult = {
  ...OPEN,
  ok: true,
  exitCode: 0,
  verdict: 'protected',
  originals: 'protected',
  summary: 'All is well: 2 shoots, every photo on three devices, one of them off-site.',
  shoots: { protected: 2, partly: 0, atRisk: 0, unknown: 0 },
  notProtected: [],
  next: [],
  provenAt: proven,
  validUntil: '2026-12-21T08:00:00.000Z',
  score: (OPEN.score ?? []).map((digit) => ({ ...digit, have: digit.wanted, isMet: true, provenAt: proven })),
}

describe('the status in a terminal', () => {
  it('is five lines when all is well', () => {
    const lines = [WELL.summary, ...statusLines(WELL)]
    assert.equal(lines.length, 5, lines.join('\n'))
    assert.match(
      lines.join('\n'),
      /3 copies \(2026-11-20, cached\).*good until 2026-12-21.*Weddings, backed up 2026-11-20/s,
    )
  })

  it('names what is not, why, and what to do next, when it is not', () => {
    const text = statusLines(OPEN).join('\n')
    assert.match(text, /missing a third copy, an off-site copy/)
    assert.match(text, /Next: Leave the computer on/)
    assert.match(text, /2 of 3 copies/)
  })

  it('names pictures that came broken, never as damage, and also when all is well', () => {
    const list = Array.from({ length: 12 }, (_, n) => ({
      shoot: 'Weddings',
      file: `IMG_${n}.CR3`,
      why: 'it ends in the middle',
      firstSeenAt: proven,
    }))
    for (const status of [OPEN, WELL]) {
      const text = statusLines({ ...status, brokenAtImport: { files: 12, list } }).join('\n')
      assert.match(text, /Already broken at import: 12 pictures, .*If the card still exists, import from it again/)
      assert.match(text, /Weddings\/IMG_9.CR3: it ends in the middle\n {4}… and 2 more; --json lists all of them/)
      assert.doesNotMatch(text, /damage/)
    }
  })
})

describe('the status page on a drive', () => {
  it('needs no script and no network, says of when it is and that it grows old, and takes names for names', () => {
    const html = statusHtml(OPEN, SHOOTS)
    assert.doesNotMatch(html, /<script|<img|https?:\/\/|url\(/)
    assert.match(html, /&lt;script&gt;alert\(&quot;x&quot;\)/)
    assert.match(html, /<time datetime="2026-11-23T08:05:00.000Z">2026-11-23<\/time>/)
    assert.match(html, /does not change by itself/)
    assert.match(html, /known errors<br><small>✓ last rehearsed .*2026-11-20/)
    assert.match(html, /default-src 'none'/)
  })

  it('is left on the drive by a run that changed something, durable and whole, and not again by one that did not', async () => {
    const here = scratch()
    try {
      const source = here.tree('Wedding', { 'IMG_1.CR3': null })
      const drive = here.folder('drive')
      const volumes = foldersAsDisks(here.root)
      await backup({ home: here.home, volumes }, [source], [drive])
      const page = path.join(drive, 'Safelight/status.html')
      assert.match(readFileSync(page, 'utf8'), /Wedding/)
      const first = statSync(page)
      await backup({ home: here.home, volumes }, [source], [drive])
      assert.equal(statSync(page).ino, first.ino, 'nothing had changed')
      writeFileSync(path.join(source, 'IMG_2.CR3'), 'more')
      await backup({ home: here.home, volumes }, [source], [drive])
      assert.notEqual(statSync(page).ino, first.ino, 'something had')
    } finally {
      here.remove()
    }
  })

  it('reads well in a real browser with scripts off, light and dark, wide and narrow', async function () {
    if (!existsSync(CHROMIUM)) {
      console.error(`      LEFT OUT: there is no ${CHROMIUM}, so the page was not looked at in a browser`)
      this.skip()
    }
    const folder = path.resolve('reports/status-page')
    mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, 'open.html'), statusHtml(OPEN, SHOOTS))
    writeFileSync(path.join(folder, 'well.html'), statusHtml(WELL, SHOOTS.slice(0, 1)))
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--headless', '--no-sandbox', '--disable-gpu'],
    })
    try {
      for (const [name, width, colorScheme] of [
        ['open', 1280, 'light'],
        ['open', 390, 'dark'],
        ['well', 1280, 'dark'],
      ] as const) {
        const context = await browser.newContext({
          javaScriptEnabled: false,
          colorScheme,
          viewport: { width, height: 900 },
        })
        const page = await context.newPage()
        const asked: string[] = []
        page.on('request', (request) => asked.push(request.url()))
        await page.goto(`file://${path.join(folder, `${name}.html`)}`)
        assert.equal(asked.length, 1, asked.join(' '))
        const date = page.getByText('2026-11-23', { exact: true })
        assert.ok(await date.isVisible())
        const box = await date.boundingBox()
        assert.ok((box?.height ?? 0) >= 40, 'the date is in large type')
        assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1)
        await page.screenshot({ path: path.join(folder, `${name}-${width}-${colorScheme}.png`), fullPage: true })
        await context.close()
      }
    } finally {
      await browser.close()
    }
  })
})
