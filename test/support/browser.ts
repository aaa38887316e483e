// A real Chromium for the tests of the page. Where there is none the tests that need it are left out, and say so.
import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { PROJECT } from './safelight.js'

const CANDIDATES = [
  process.env['SAFELIGHT_CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

export function chromiumFile(): string | undefined {
  return CANDIDATES.find((file) => file !== '' && existsSync(file))
}

export interface Screen {
  readonly width: 390 | 1280
  readonly theme: 'light' | 'dark'
}

/** Describes what needs a browser; without one a single line says what was not tried. */
export function describeInBrowser(title: string, suite: (open: () => Browser) => void): void {
  const file = chromiumFile()
  if (file === undefined) {
    describe(title, () => {
      it('LEFT OUT: no Chromium on this machine (install one, or name it in SAFELIGHT_CHROMIUM)', function () {
        process.stderr.write(`${title}: left out, because there is no Chromium on this machine\n`)
        this.skip()
      })
    })
    return
  }
  describe(title, () => {
    let browser: Browser | undefined
    before(async () => {
      browser = await chromium.launch({
        executablePath: file,
        args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
      })
    })
    after(() => browser?.close())
    suite(() => {
      if (browser === undefined) throw new Error('the browser is not open')
      return browser
    })
  })
}

export interface Visit {
  readonly context: BrowserContext
  readonly page: Page
  /** Everything that a visit must not have: errors, refusals by the policy, requests to anywhere else. */
  readonly complaints: string[]
}

export async function visit(
  browser: Browser,
  { width, theme }: Screen = { width: 1280, theme: 'light' },
): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width, height: width === 390 ? 844 : 900 },
    colorScheme: theme,
    locale: 'en-GB',
    timezoneId: 'UTC',
  })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`)
  })
  page.on('request', (request) => {
    if (new URL(request.url()).hostname !== '127.0.0.1') complaints.push(`request: ${request.url()}`)
  })
  return { context, page, complaints }
}

/** Kept for people to look at: reports/screens/. */
export async function shoot(page: Page, name: string): Promise<void> {
  const folder = path.join(PROJECT, 'reports', 'screens')
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true, animations: 'disabled' })
}
