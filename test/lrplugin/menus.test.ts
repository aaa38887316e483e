// Long, because its cases share one Lightroom host.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { ImportedPhoto, Shoot, StatusResult } from '../../shared/methods.js'
import { RPC_CODES, failure, success } from '../../shared/rpc.js'
import { linkWords } from '../../shared/words.js'
import { LineRefusal, type Handler } from '../support/lightroom/peer.js'
import { Session } from './support.js'

const MENUS = [
  'Restore a Shoot…',
  'Protect Selected Photos Now',
  'Backup Status…',
  "Check Catalog's Files…",
  'Open Safelight Page',
]

const unavailable: Handler = () => {
  throw new LineRefusal(RPC_CODES.NOT_AVAILABLE, 'Restoring arrives with the next version.', {
    remedy: 'Use "safelight restore" until then.',
  })
}

/** A shoot of forty files, some of which are missing and have copies. */
const planOf =
  (missing: number): Handler =>
  ({ shoot }) => ({ ...DONE, shoot, files: 40, bytes: 1, missing, from: [], inTheWay: 0 })

describe('the menus', () => {
  let session: Session

  beforeEach(() => {
    session = new Session()
  })
  afterEach(() => session.close())

  async function press(title: string): Promise<void> {
    assert.equal(session.host.pressMenu(title), 'ran')
    await session.host.waitFor(() => session.host.dialogs.length > 0)
    await session.host.pass(1)
  }

  for (const title of MENUS) {
    it(`${title} without a helper says what is the matter and what to do`, async () => {
      await session.open()
      if (title.startsWith('Protect')) {
        session.host.import(session.originals(1))
        session.host.select(1)
      }
      await press(title)
      assert.equal(session.host.dialogs[0]?.title, linkWords('no-bridge').headline)
      assert.equal(session.host.dialogs[0].style, 'critical')
      assert.deepEqual(session.host.faults, [])
    })

    it(`${title} with a room that does not exist yet says so in words`, async () => {
      const rooms = ['shoots/list', 'status/get', 'restore/plan', 'catalog/check', 'page/open', 'photos/protect']
      await session.connect(Object.fromEntries(rooms.map((room) => [room, unavailable])))
      session.host.import(session.originals(1))
      session.host.select(1)
      await press(title)
      assert.equal(session.host.dialogs[0]?.title, 'This version of Safelight cannot do that yet.')
      assert.match(session.host.dialogs[0].text, /arrives with the next version/)
      assert.deepEqual(session.host.faults, [])
    })

    it(`${title} works in an environment that shares nothing with the rest`, async () => {
      await session.connect({ 'status/get': () => STATUS }, { rules: { separateMenus: true } })
      await press(title)
      assert.ok(session.host.dialogs.length > 0)
      assert.deepEqual(session.host.faults, [])
    })
  }

  describe('Backup Status…', () => {
    it('says what is protected, what is not and why, and calls nothing protected that is not', async () => {
      await session.connect({ 'status/get': () => STATUS })
      await press('Backup Status…')
      const [dialog] = session.host.dialogs
      assert.match(dialog?.text ?? '', /All photos together: at risk\. 3 shoots are not protected\./)
      assert.match(dialog?.text ?? '', /Photos\/2026-11 Wedding: at risk; missing: an off-site copy, a third copy/)
      assert.match(dialog?.text ?? '', /Drive Studio SSD: not connected since 2026-11-20 18:00 UTC/)
      assert.doesNotMatch(dialog?.text ?? '', /\bsafe\b/)
      session.assertClean()
    })

    it('a verdict that this plug-in does not know is not known, never protected', async () => {
      await session.connect({ 'status/get': () => ({ ...STATUS, verdict: 'splendid' }) })
      await press('Backup Status…')
      assert.match(session.host.dialogs[0]?.text ?? '', /All photos together: not known\./)
    })
  })

  describe('Protect Selected Photos Now', () => {
    it('with nothing selected asks for a selection and hands over nothing', async () => {
      await session.connect()
      session.host.import(session.originals(3))
      await press('Protect Selected Photos Now')
      assert.equal(session.host.dialogs[0]?.title, 'No photo is selected.')
      assert.equal(session.peer.callsOf('photos/protect').length, 0)
      session.assertClean()
    })

    it('hands over exactly what is selected, virtual copies once, and says how many', async () => {
      await session.connect({ 'photos/protect': protect })
      session.host.import(session.originals(450))
      session.host.select(430)
      await press('Protect Selected Photos Now')
      const calls = session.peer.callsOf('photos/protect').map(({ params }) => params['photos'] as ImportedPhoto[])
      assert.deepEqual(
        calls.map((photos) => photos.length),
        [200, 200, 30],
      )
      assert.equal(session.host.dialogs[0]?.title, '430 of 430 selected photos handed to Safelight.')
      assert.deepEqual(
        session.host.progress.map(({ portion, isDone }) => ({ portion, isDone })),
        [{ portion: 1, isDone: true }],
      )
      session.assertClean()
    })

    it('5,000 selected photos can be cancelled on the way', async () => {
      await session.connect({
        'photos/protect': (params, peer) => {
          if (peer.callsOf('photos/protect').length === 3) session.host.cancelProgress()
          return protect(params)
        },
      })
      session.host.importMany(5000, '/Volumes/Archive')
      session.host.select(5000)
      await press('Protect Selected Photos Now')
      const count = session.peer.callsOf('photos/protect').length
      assert.ok(count < 25, `${count} messages`)
      assert.equal(session.host.dialogs[0]?.title, 'Stopped, as you asked.')
      assert.deepEqual(session.host.faults, [])
    })

    it('photos that were not taken are named and called not protected', async () => {
      await session.connect({
        'photos/protect': () => ({
          accepted: 1,
          refused: [{ path: '/x/IMG_2.CR3', why: 'the file is gone' }],
          summary: '1 photo will be copied.',
        }),
      })
      session.host.import(session.originals(2))
      session.host.select(2)
      await press('Protect Selected Photos Now')
      assert.match(session.host.dialogs[0]?.text ?? '', /Not taken, and not protected \(1\):/)
      assert.match(session.host.dialogs[0]?.text ?? '', /IMG_2\.CR3: the file is gone/)
    })
  })

  describe('Restore a Shoot…', () => {
    const shoots: Shoot[] = [
      shoot('Photos/2026-10 Alps', 100, 100),
      shoot('Photos/2026-11 Wedding', 40, 37),
      shoot('Photos/Été', 5, 5),
    ]

    it('searches, shows what is missing and where copies are, restores, and adds what the catalog does not know', async () => {
      const [known = '', unknown = ''] = session.originals(2)
      const sidecar = path.join(path.dirname(known), 'IMG_1.xmp')
      writeFileSync(sidecar, '<x/>')
      await session.connect({
        'shoots/list': () => ({ ...DONE, shoots }),
        'restore/plan': ({ shoot: id }) => ({
          ...DONE,
          shoot: id,
          files: 40,
          bytes: 75_000_000,
          missing: 3,
          from: [{ place: 'Studio SSD', files: 3 }],
          inTheWay: 1,
        }),
        'restore/run': (_params, peer, id) => {
          peer.progress(id, 1, 3)
          return { ...DONE, restored: [known, unknown, sidecar], findings: [] }
        },
      })
      session.host.import([known])
      session.host.answer = ({ kind, round }) => {
        if (kind !== 'modal') return 'ok'
        return round === 1 ? 'look\nsearch=wedd' : 'ok\nchosen[]=Photos/2026-11 Wedding'
      }
      session.host.pressMenu('Restore a Shoot…')
      await session.host.waitFor(() => session.host.dialogs.some(({ title }) => title.includes('restored')))
      const [all, found, plan, report] = session.host.dialogs
      assert.match(all?.text ?? '', /Photos\/2026-10 Alps: nothing missing, copies on Studio SSD/)
      assert.doesNotMatch(found?.text ?? '', /Alps/)
      assert.match(
        found?.text ?? '',
        /\[Photos\/2026-11 Wedding\] Photos\/2026-11 Wedding: 3 of 40 missing, copies on Studio SSD/,
      )
      assert.equal(plan?.title, '3 of 40 files of Photos/2026-11 Wedding are missing (75 MB).')
      assert.match(
        plan.text,
        /They can come back: 3 from Studio SSD\. 1 file of another content lies in the way and will be left alone\./,
      )
      assert.equal(report?.title, '3 files restored and verified.')
      assert.equal(session.host.isInCatalog(unknown), true)
      assert.equal(session.host.isInCatalog(sidecar), false)
      assert.equal(session.host.gates.length, 1, 'one write gate for the one unknown photo')
      assert.deepEqual(session.peer.callsOf('restore/run')[0]?.params, { shoot: 'Photos/2026-11 Wedding' })
      session.assertClean()
    })

    it('a catalog that Lightroom keeps busy is waited for, and then told about', async () => {
      const [unknown = ''] = session.originals(1)
      await session.connect({
        'shoots/list': () => ({ ...DONE, shoots }),
        'restore/plan': planOf(1),
        'restore/run': () => ({ ...DONE, restored: [unknown], findings: [] }),
      })
      session.host.answer = ({ kind }) => (kind === 'modal' ? 'ok\nchosen[]=Photos/Été' : 'ok')
      session.host.keepCatalogBusy(1000)
      session.host.pressMenu('Restore a Shoot…')
      await session.host.waitFor(() =>
        session.host.dialogs.some(({ text }) => text.includes('Lightroom was busy; import it by hand')),
      )
      assert.deepEqual(session.host.faults, [])
    })

    it('a plan that is not agreed to restores nothing', async () => {
      await session.connect({
        'shoots/list': () => ({ ...DONE, shoots }),
        'restore/plan': planOf(3),
      })
      session.host.answer = ({ kind }) => (kind === 'modal' ? 'ok\nchosen[]=Photos/Été' : 'cancel')
      session.host.pressMenu('Restore a Shoot…')
      await session.host.waitFor(() => session.host.dialogs.some(({ kind }) => kind === 'confirm'))
      await session.host.pass(5)
      assert.equal(session.peer.callsOf('restore/run').length, 0)
      session.assertClean()
    })

    it('a long restore can be cancelled, and the helper is told', async () => {
      const asked: (string | number)[] = []
      await session.connect({
        'shoots/list': () => ({ ...DONE, shoots }),
        'restore/plan': planOf(3),
        'restore/run': (_params, peer, id) => {
          asked.push(id)
          peer.progress(id, 1, 3)
          return undefined
        },
        'job/cancel': ({ request }, peer) => {
          assert.equal(request, asked[0])
          peer.send(failure(asked[0], RPC_CODES.CANCELLED, 'cancelled', { remedy: '1 of 3 files is back.' }))
          return { cancelled: true }
        },
      })
      session.host.answer = ({ kind }) => (kind === 'modal' ? 'ok\nchosen[]=Photos/Été' : 'ok')
      session.host.pressMenu('Restore a Shoot…')
      await session.host.waitFor(() =>
        session.host.progress.some(({ caption }) => caption.startsWith('copying: 1 of 3')),
      )
      session.host.cancelProgress()
      await session.host.waitFor(() => session.host.dialogs.some(({ title }) => title === 'Stopped, as you asked.'))
      assert.equal(session.peer.callsOf('job/cancel').length, 1)
      assert.deepEqual(session.host.faults, [])
    })

    it('a helper that dies in the middle of a restore is reported, and the menu ends', async () => {
      await session.connect({
        'shoots/list': () => ({ ...DONE, shoots }),
        'restore/plan': planOf(3),
        'restore/run': (_params, peer) => {
          peer.hangUp()
          return undefined
        },
      })
      session.host.answer = ({ kind }) => (kind === 'modal' ? 'ok\nchosen[]=Photos/Été' : 'ok')
      session.host.pressMenu('Restore a Shoot…')
      await session.host.waitFor(() => session.host.dialogs.some(({ style }) => style === 'critical'))
      await session.host.pass(1)
      assert.ok(session.host.progress.every(({ isDone }) => isDone))
      assert.deepEqual(session.host.faults, [])
    })
  })

  it("Check Catalog's Files… lists what was found", async () => {
    const findings = [
      {
        kind: 'missing',
        place: 'working',
        shoot: 'Photos/A',
        file: 'IMG_1.CR3',
        message: 'Restore it from Studio SSD.',
      },
    ]
    await session.connect({
      'catalog/check': ({ catalog }) => ({ ...DONE, summary: String(catalog), files: 12, findings }),
    })
    await press("Check Catalog's Files…")
    assert.match(session.host.dialogs[0]?.text ?? '', /12 files checked\./)
    assert.match(
      session.host.dialogs[0]?.text ?? '',
      /missing: working \/ Photos\/A \/ IMG_1\.CR3: Restore it from Studio SSD\./,
    )
    session.assertClean()
  })

  it('Open Safelight Page opens a page of this computer and no other', async () => {
    let url: unknown = 'http://127.0.0.1:4711/open?once=abc'
    await session.connect({ 'page/open': () => ({ url }) })
    session.host.pressMenu('Open Safelight Page')
    await session.host.waitFor(() => session.host.openedUrls.length === 1)
    assert.deepEqual(session.host.openedUrls, [url])
    for (url of ['http://example.org/', 'http://127.0.0.1.example.org:1/', 'file:///etc/passwd', null, 5]) {
      session.host.dialogs.length = 0
      await press('Open Safelight Page')
      assert.equal(session.host.dialogs[0]?.title, 'Safelight has no page to show yet.')
    }
    assert.equal(session.host.openedUrls.length, 1)
    assert.deepEqual(session.host.faults, [])
  })

  it('an answer without the promised members ends in words, not in a broken Lightroom', async () => {
    const nonsense: Handler = (_params, peer, id) => {
      peer.send(success(id, { ok: true }))
      return undefined
    }
    await session.connect({
      'shoots/list': nonsense,
      'status/get': nonsense,
      'catalog/check': nonsense,
      'page/open': nonsense,
      'photos/protect': nonsense,
    })
    session.host.import(session.originals(1))
    session.host.select(1)
    for (const title of MENUS) {
      session.host.dialogs.length = 0
      await press(title)
    }
    assert.deepEqual(session.host.faults, [])
  })

  describe('the Plug-in Manager', () => {
    it('shows the helper, places, versions and the log', async () => {
      await session.connect({ 'status/get': () => STATUS })
      assert.equal(session.host.openPluginManager(), true)
      await session.host.waitFor(() => session.host.managerText().includes('Studio SSD'))
      const text = session.host.managerText()
      assert.match(text, /Safelight is running and connected\./)
      assert.match(text, /Plug-in 0\.1\.0, Safelight 0\.1\.0\./)
      assert.match(text, /Logs: \/home\/s\/logs/)
      session.assertClean()
    })

    it('has Lightroom offer its own backup at every quit for who wishes it, and at none for who does not', async () => {
      await session.connect({ 'status/get': () => STATUS })
      session.host.openPluginManager()
      assert.match(session.host.managerText(), /its own catalog backup every time it quits/)
      assert.equal(session.host.ownBackupsAsked, 0)
      session.host.choose('safelightOwnBackup', true)
      await session.host.waitFor(() => session.host.ownBackupsAsked === 1)
      await session.host.quit()
      await session.open()
      await session.host.waitFor(() => session.host.ownBackupsAsked === 1)
      session.host.openPluginManager()
      session.host.choose('safelightOwnBackup', false)
      await session.host.quit()
      await session.open()
      await session.host.pass(30)
      assert.equal(session.host.ownBackupsAsked, 0)
      assert.deepEqual(session.host.faults, [])
    })

    it('is red in words when there is no helper, and opening it again and again starts nothing twice', async () => {
      await session.open(false)
      for (let time = 0; time < 3; time += 1) session.host.openPluginManager()
      await session.host.waitFor(() => session.host.managerText().includes(linkWords('not-installed').headline))
      assert.match(session.host.managerText(), /Not known, so nothing is shown as protected\./)
      assert.deepEqual(session.host.faults, [])
    })
  })
})

const DONE = { ok: true, exitCode: 0, summary: 'Done.' }

const STATUS: StatusResult = {
  ok: false,
  exitCode: 10,
  summary: '3 shoots are not protected.',
  verdict: 'at-risk',
  helper: 'running',
  asOf: '2026-11-23T08:00:00.000Z',
  shoots: { protected: 4, partly: 2, atRisk: 1, unknown: 0 },
  notProtected: [{ id: 'Photos/2026-11 Wedding', verdict: 'at-risk', missing: ['an off-site copy', 'a third copy'] }],
  catalogs: [{ name: 'Wedding', path: '/x/Wedding.lrcat' }],
  places: [
    {
      id: '1',
      name: 'Studio SSD',
      kind: 'drive',
      path: '/Volumes/SSD',
      state: 'away',
      lastSeenAt: '2026-11-20T18:00:00.000Z',
      warnings: [],
    },
  ],
}

function protect(params: Record<string, unknown>): unknown {
  const photos = params['photos'] as ImportedPhoto[]
  return { accepted: photos.length, refused: [], summary: `${photos.length} photos will be copied.` }
}

function shoot(id: string, files: number, here: number): Shoot {
  return {
    id,
    files,
    bytes: files * 25_000_000,
    verdict: 'partly',
    places: [
      { place: 'working', files: here, verified: here },
      { place: 'Studio SSD', files, verified: files },
    ],
  }
}
