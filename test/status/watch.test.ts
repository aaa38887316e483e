// What is told, when, and how: against real servers on this computer, with a clock of the test's own. Long, because its cases share one watch.
import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import fc from 'fast-check'
import type { Config } from '../../helper/config.js'
import { systemFiles } from '../../helper/files/durable.js'
import { Journal } from '../../helper/journal/journal.js'
import { noteClock } from '../../helper/journal/rehearsals.js'
import { noticesOf } from '../../helper/status/notices.js'
import { recentTold, untold, withTold, type Told } from '../../helper/status/notify.js'
import { desktopCommand, hasDesktop, tellDesktop } from '../../helper/status/notify-desktop.js'
import { readSecrets, tellByMail } from '../../helper/status/notify-mail.js'
import { post, requireSafeAddress } from '../../helper/status/notify-web.js'
import { statusReport } from '../../helper/status/report.js'
import { StatusWatch, type WatchDeps } from '../../helper/status/watch.js'
import type { Notice, Notifications, StatusResult } from '../../shared/methods.js'
import { foldersAsDisks } from '../support/daemon.js'
import { openMailServer } from '../support/mail-server.js'
import { scratch, type Scratch } from '../support/tree.js'

const NOW = Date.parse('2026-06-01T12:00:00Z')
const HOUR = 60 * 60 * 1000
const DAY = 24 * HOUR
const DAMAGED: Notice = {
  kind: 'damaged',
  severity: 'red',
  subject: 'Pictures/Wedding',
  message: '1 damaged copy in "Pictures/Wedding". Run: safelight heal. Good copies elsewhere are not touched.',
}

const status = (more: Partial<StatusResult> = {}): StatusResult => ({
  ok: true,
  exitCode: 0,
  summary: 'All is well.',
  verdict: 'protected',
  helper: 'running',
  asOf: new Date(NOW).toISOString(),
  shoots: { protected: 1, partly: 0, atRisk: 0, unknown: 0 },
  notProtected: [],
  catalogs: [],
  places: [],
  bestBefore: {
    localDays: 90,
    serverChecksumDays: 31,
    bytesDays: 365,
    drillDays: 31,
    drillRedDays: 45,
    driveSeenDays: 30,
  },
  ...more,
})
const FACTS: Parameters<typeof noticesOf>[1] = {
  nowMs: NOW,
  owed: [],
  shootsAt: () => [],
  isClockSetBack: false,
  silentMs: 0,
}

function cameBroken(firstSeenMs: number): NonNullable<StatusResult['brokenAtImport']> {
  const firstSeenAt = new Date(firstSeenMs).toISOString()
  return { files: 1, list: [{ shoot: 'W', file: 'IMG_1.CR3', why: 'it is no picture', firstSeenAt }] }
}

describe('what is to be told', () => {
  const drive = (more: Partial<StatusResult['places'][number]> = {}): StatusResult['places'][number] => ({
    id: 'd',
    name: 'Studio SSD',
    kind: 'drive',
    path: '/d',
    state: 'here',
    freeBytes: 5e11,
    totalBytes: 1e12,
    needed30DaysBytes: 1e11,
    lastSeenAt: new Date(NOW).toISOString(),
    warnings: [],
    ...more,
  })
  const CONDITIONS: readonly (readonly [string, StatusResult, Partial<typeof FACTS>, Notice['kind'], RegExp])[] = [
    [
      'a failure',
      status(),
      { owed: [{ why: 'Studio SSD answers with errors', files: 3 }] },
      'failed',
      /3 imported photos could not be copied/,
    ],
    ['a drive that is full', status({ places: [drive({ freeBytes: 1000 })] }), {}, 'full', /is full.*place add/],
    ['a drive that will be', status({ places: [drive({ freeBytes: 9e10 })] }), {}, 'full', /within 30 days/],
    [
      'a damaged copy',
      status({ notProtected: [{ id: 'W', verdict: 'partly', missing: ['2 damaged on desk'] }] }),
      {},
      'damaged',
      /safelight heal/,
    ],
    [
      'photos that wait for a drive',
      status(),
      { owed: [{ why: 'no drive for copies is connected', files: 1 }] },
      'drive-wanted',
      /Connect the drive/,
    ],
    [
      'a drive that was not seen for a month, with the shoots at stake',
      status({ places: [drive({ state: 'away', lastSeenAt: new Date(NOW - 30 * DAY).toISOString() })] }),
      { shootsAt: () => ['Wedding', 'Iceland'] },
      'drive-wanted',
      /Studio SSD.*30 days.*Wedding and 1 more.*nothing expires/,
    ],
    [
      'an overdue rehearsal',
      status({ drill: { state: 'overdue', due: '2026-05-01T00:00:00Z' } }),
      {},
      'drill-overdue',
      /safelight drill/,
    ],
    [
      'a suspect catalog',
      status({ catalogs: [{ name: 'W', path: '/w', judgement: 'suspect', lastBackupAt: '2026-06-01' }] }),
      {},
      'catalog',
      /suspect/,
    ],
    ['a silence', status(), { silentMs: 9 * DAY }, 'silence', /not running for 9 days/],
    ['a clock that was set back', status(), { isClockSetBack: true }, 'clock', /clock/],
    [
      'a mass loss',
      status({ hold: { since: '', gone: 400, changed: 0, of: 1000, message: '' } }),
      {},
      'hold',
      /--release-hold/,
    ],
    [
      'a picture that came broken, while its card may still exist',
      status({ brokenAtImport: cameBroken(NOW - 13 * DAY) }),
      {},
      'broken-at-import',
      /^1 picture was already broken at import. The card may still exist: do not format it/,
    ],
    [
      'proofs that ran out',
      status({ notProtected: [{ id: 'W', verdict: 'unknown', missing: ['a fresh proof of the copies on desk'] }] }),
      {},
      'not-protected',
      /safelight verify/,
    ],
  ]
  for (const [name, its, facts, kind, words] of CONDITIONS)
    it(`is ${name}, in at most 25 words that say what to do`, () => {
      const [notice, ...others] = noticesOf(its, { ...FACTS, ...facts })
      assert.deepEqual([notice?.kind, others], [kind, []])
      assert.match(notice?.message ?? '', words)
      assert.ok((notice?.message ?? '').split(/\s+/).length <= 25, notice?.message)
    })

  it('of a picture that came broken is no longer told when its card has been used again', () =>
    assert.deepEqual(noticesOf(status({ brokenAtImport: cameBroken(NOW - 15 * DAY) }), FACTS), []))

  it('is nothing while all is well', () => assert.deepEqual(noticesOf(status({ places: [drive()] }), FACTS), []))

  it('stays short whatever names and reasons hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.lorem({ maxCount: 60 }), (odd, long) => {
        for (const words of [odd, long]) {
          const its = status({
            places: [
              drive({ name: words, freeBytes: 0 }),
              drive({ name: words, state: 'away', lastSeenAt: '2026-01-01T00:00:00Z' }),
            ],
            notProtected: [
              { id: words, verdict: 'partly', missing: ['1 damaged on x', `a fresh proof of the copies on ${words}`] },
            ],
            catalogs: [{ name: words, path: words, judgement: 'bad', lastBackupAt: '' }],
          })
          for (const { message } of noticesOf(its, {
            ...FACTS,
            owed: [{ why: words, files: 2 }],
            shootsAt: () => [words, words],
          })) {
            assert.ok(message.split(/\s+/).length <= 25, message)
            assert.doesNotMatch(message, /[\p{Cc}\p{Zl}\p{Zp}]/u)
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('when it is told', () => {
  it('is once a day for each condition and channel, and within the hour again where a channel failed', () => {
    let told: Told = {}
    const tell = (channel: string, atMs: number, ok = true): number => {
      const due = untold([DAMAGED], channel, told, atMs)
      for (const notice of due) told = withTold(recentTold(told, atMs), channel, notice, ok, atMs)
      return due.length
    }
    assert.equal(tell('desktop', NOW), 1)
    assert.equal(tell('desktop', NOW + 23 * HOUR), 0)
    assert.equal(tell('mail', NOW, false), 1)
    assert.equal(tell('mail', NOW + HOUR - 1), 0)
    assert.equal(tell('mail', NOW + HOUR), 1)
    assert.equal(tell('desktop', NOW + DAY), 1)
    assert.equal(tell('desktop', NOW - DAY), 1, 'a clock that was set back silences nothing')
  })
})

describe('the channels', () => {
  let here: Scratch
  let server: Server
  let heard: { url: string; body: unknown }[]
  let answer = 200
  let base = ''

  beforeEach(async () => {
    here = scratch()
    here.folder('home')
    heard = []
    answer = 200
    server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        heard.push({ url: request.url ?? '', body: JSON.parse(Buffer.concat(chunks).toString()) })
        response.writeHead(answer, answer === 302 ? { location: '/elsewhere' } : {}).end('thanks')
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(() => {
    server.closeAllConnections()
    server.close()
    here.remove()
  })

  it('tell a webhook the condition as JSON, and take a refusal or a redirection for a failure', async () => {
    const notice = { ...DAMAGED, at: new Date(NOW).toISOString(), machine: 'studio' }
    await post(`${base}/hook?key=1`, notice)
    assert.deepEqual(heard, [{ url: '/hook?key=1', body: notice }])
    for (const status of [302, 403, 500]) {
      answer = status
      await assert.rejects(post(`${base}/secret`, notice), (error: Error) => {
        assert.match(error.message, new RegExp(`${status}`))
        return !error.message.includes('secret')
      })
    }
    assert.ok(heard.every(({ url }) => url !== '/elsewhere'))
  })

  it('speak over https only, but for this very computer', () => {
    for (const address of [
      'http://example.com/x',
      'ftp://127.0.0.1',
      'file:///etc/passwd',
      'nonsense',
      'http://127.0.0.1.example.com',
    ])
      assert.throws(() => requireSafeAddress(address), { code: 'CONFIG_INVALID' }, address)
    assert.equal(requireSafeAddress('https://example.com/x').host, 'example.com')
  })

  it('send mail through a real SMTP server, with the password of a file that nobody else may read', async () => {
    const mail = await openMailServer({ user: 'ansel', password: 'half dome' })
    try {
      const settings = {
        host: '127.0.0.1',
        port: mail.port,
        secure: false,
        user: 'ansel',
        from: 'safelight@studio.example',
        to: ['ansel@studio.example'],
      }
      await assert.rejects(tellByMail(here.home, settings, DAMAGED, 'studio'), { code: 'CONFIG_INVALID' })
      const secrets = path.join(here.home, 'secrets.json')
      writeFileSync(secrets, JSON.stringify({ smtpPassword: 'half dome' }), { mode: 0o600 })
      await tellByMail(here.home, settings, DAMAGED, 'studio')
      assert.equal(mail.received.length, 1)
      assert.deepEqual(mail.received[0]?.to, ['ansel@studio.example'])
      assert.match(mail.received[0].data, /^Subject: .*urgent.*1.damaged.copy/m)
      writeFileSync(secrets, JSON.stringify({ smtpPassword: 'wrong' }))
      await assert.rejects(tellByMail(here.home, settings, DAMAGED, 'studio'), { code: 'OFFSITE_UNREACHABLE' })
      if (process.platform === 'win32') return
      chmodSync(secrets, 0o644)
      assert.throws(() => readSecrets(here.home), /other users of this computer may read it/)
    } finally {
      await mail.close()
    }
  })

  it('hand words to the desktop’s tool as words, whatever they hold', async () => {
    const odd = { ...DAMAGED, message: '--urgency=low "; $(touch /tmp/x) `id` <b>' }
    const commands = (['linux', 'darwin', 'win32'] as const).map((platform) => desktopCommand(odd, platform))
    assert.deepEqual(commands[0]?.args.slice(-3), ['--', 'Safelight', odd.message])
    assert.deepEqual(commands[1]?.args.slice(-3), ['--', odd.message, 'Safelight'])
    assert.ok(commands[2]?.args.every((arg) => !arg.includes(odd.message)))
    assert.equal(commands[2]?.environment?.['SAFELIGHT_MESSAGE'], odd.message)
    const seen: string[] = []
    await tellDesktop(odd, 'linux', (tool) => Promise.resolve(void seen.push(tool)))
    assert.deepEqual(seen, ['notify-send'])
    assert.ok(!hasDesktop('darwin', { SAFELIGHT_QUIET: '1' }))
    assert.ok(!hasDesktop('linux', {}))
  })

  // ── all of it together ──

  it('hear of a condition within a look, once; pages too; the heartbeat goes on; and a silence is told at the next start', async () => {
    const journal = Journal.open(here.home)
    let nowMs = NOW
    const announced: [string, unknown][] = []
    const faults: string[] = []
    const config: Config['notify'] = {
      desktop: true,
      webhook: `${base}/hook`,
      heartbeat: `${base}/beat`,
      heartbeatMinutes: 0.001,
    }
    const deps: WatchDeps = {
      files: systemFiles,
      journal,
      volumes: foldersAsDisks(here.root),
      clock: () => nowMs,
      home: here.home,
      status: () =>
        statusReport(
          { files: systemFiles, journal, volumes: foldersAsDisks(here.root), clock: () => nowMs },
          { helper: 'running', silentMs: watch.silentNow() },
        ),
      config: () => config,
      broadcast: <K extends keyof Notifications>(kind: K, message: Notifications[K]) =>
        void announced.push([kind, message]),
      onFault: (error, what) => void faults.push(`${what}: ${String(error)}`),
      tellDesktop: (notice) => Promise.resolve(void announced.push(['desktop', notice.kind])),
    }
    let isQuiet = true
    let watch = new StatusWatch({ ...deps, isQuiet: () => isQuiet }, { lookMs: 5, closerMs: 5, pageMs: 5 })
    const until = async (fact: () => boolean): Promise<void> => {
      while (!fact()) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    try {
      assert.equal(watch.silentMs, 0, 'a new home was not silent')
      watch.start()
      await until(() => heard.some(({ url }) => url === '/beat'))
      assert.ok(!heard.some(({ url }) => url === '/hook'), 'nothing is told while nothing is to be')
      journal.run(
        "INSERT INTO wanted (catalog, root, path_from_root, name, is_offline, why, told_ms) VALUES ('/c', '/r', '', 'a.CR3', 0, 'no drive for copies is connected', 0)",
      )
      await until(() => announced.some(([kind]) => kind === 'status/notice'))
      const quietBeats = heard.length
      await until(() => heard.length > quietBeats + 1)
      assert.ok(!heard.some(({ url }) => url === '/hook'), 'in quiet hours only the page is told')
      assert.ok(!announced.some(([kind]) => kind === 'desktop'))
      isQuiet = false
      await until(() => heard.some(({ url }) => url === '/hook'))
      await until(() => announced.some(([kind]) => kind === 'desktop'))
      assert.ok(
        announced.some(([kind, message]) => kind === 'status/notice' && (message as Notice).kind === 'drive-wanted'),
      )
      const beats = heard.filter(({ url }) => url === '/beat').length
      await until(() => heard.filter(({ url }) => url === '/beat').length > beats + 2)
      assert.equal(heard.filter(({ url }) => url === '/hook').length, 1, 'once, however often it is looked at')
      await watch.close()

      nowMs = NOW + 9 * DAY
      watch = new StatusWatch(deps, { lookMs: 5, closerMs: 5, pageMs: 5 })
      watch.start()
      await until(() => heard.some(({ body }) => (body as Notice).kind === 'silence'))
      assert.match(JSON.stringify(heard), /not running for 9 days/)
      assert.deepEqual(faults, [])
    } finally {
      await watch.close()
      journal.close()
    }
  })

  it('is not lost on a clock that was set back: nothing is called protected until it is settled', () => {
    const journal = Journal.open(here.home)
    try {
      noteClock(journal, NOW, DAY)
      const at = (nowMs: number): StatusResult =>
        statusReport(
          { files: systemFiles, journal, volumes: foldersAsDisks(here.root), clock: () => nowMs },
          { helper: 'running' },
        )
      assert.deepEqual(
        at(NOW - 2 * DAY).notices?.map(({ kind }) => kind),
        ['clock'],
      )
      assert.deepEqual(at(NOW - HOUR).notices, [])
    } finally {
      journal.close()
    }
  })
})
