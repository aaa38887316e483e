import assert from 'node:assert/strict'
import { appendFileSync, existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { RPC_CODES } from '../../shared/rpc.js'
import { LightroomHost } from '../support/lightroom/host.js'
import { LinePeer, LineRefusal } from '../support/lightroom/peer.js'
import { PLUGIN } from '../support/lightroom/plugin.js'
import { idleWork, INSTRUCTIONS_PER_SECOND } from './idle.js'
import { Session } from './support.js'

describe('the watch for imports', () => {
  let session: Session

  beforeEach(() => {
    session = new Session()
  })
  afterEach(() => session.close())

  for (const sincePoll of [0, 8, 16, 24])
    it(`an import ${sincePoll} s after a look at the ids is handed over at most 5 s after it has settled, with nobody doing anything`, async () => {
      await session.connect()
      await session.host.pass(40 + sincePoll)
      const begun = session.host.seconds
      const files = session.originals(3)
      session.host.import(files)
      await session.host.waitFor(() => session.sent.length === 3)
      // Half a minute until it is seen, 5 s in which nothing may change, and those 5 s.
      assert.ok(session.host.seconds - begun <= 40, `${session.host.seconds - begun} s`)
      assert.deepEqual(
        session.sent.map((photo) => photo.path),
        files,
      )
      assert.deepEqual(session.peer.callsOf('photos/imported')[0]?.params['roots'], [path.join(session.home, 'Photos')])
      session.assertClean()
    })

  it('300 photos that arrive one by one are all handed over, each once, at most 200 to a message', async () => {
    await session.connect()
    const files = session.originals(300)
    for (const file of files) {
      session.host.import([file])
      await session.host.pass(0.2)
    }
    await session.host.waitFor(() => session.sent.length >= 300)
    await session.host.pass(70)
    assert.deepEqual(
      session.sent.map((photo) => photo.path),
      files,
    )
    for (const { params } of session.peer.callsOf('photos/imported'))
      assert.ok((params['photos'] as unknown[]).length <= 200)
    session.assertClean()
  })

  it('a long import is handed over while it runs, not only when it ends', async () => {
    await session.connect()
    const files = session.originals(60)
    for (const file of files) {
      session.host.import([file])
      await session.host.pass(2)
    }
    assert.ok(session.sent.length > 20, `${session.sent.length} of 60 after 120 s of importing`)
    session.assertClean()
  })

  it('a file that Lightroom is still writing waits until its size has stayed', async () => {
    await session.connect()
    const [growing = '', whole = ''] = session.originals(2)
    session.host.import([growing, whole])
    for (let second = 0; second < 40; second += 2) {
      appendFileSync(growing, 'more')
      await session.host.pass(2)
    }
    assert.deepEqual(session.sent, [])
    await session.host.waitFor(() => session.sent.length === 2, 60)
    session.assertClean()
  })

  it('virtual copies are left out, videos and offline originals are named as what they are', async () => {
    await session.connect()
    const [raw = ''] = session.originals(1)
    const [video = ''] = session.originals(1, 'Clips', 'MP4')
    const away = '/Volumes/Not connected/IMG_9.CR3'
    session.host.import([
      raw,
      { path: raw, isVirtualCopy: true },
      { path: video, isVideo: true },
      away,
      { path: raw, isVirtualCopy: true },
    ])
    await session.host.waitFor(() => session.sent.length === 3)
    await session.host.pass(60)
    assert.deepEqual(
      session.sent.map(({ path: file, isVideo, isOffline, format }) => ({ file, isVideo, isOffline, format })),
      [
        { file: raw, isVideo: false, isOffline: false, format: 'RAW' },
        { file: video, isVideo: true, isOffline: false, format: 'VIDEO' },
        { file: away, isVideo: false, isOffline: true, format: 'RAW' },
      ],
    )
    session.assertClean()
  })

  it('names in every script go through as they are', async () => {
    await session.connect()
    const folder = 'Fête d’été – 夏祭り 😀 "quoted" \\ back'
    const files = session.originals(2, folder)
    session.host.import(files)
    await session.host.waitFor(() => session.sent.length === 2)
    for (const { path: file } of session.sent) assert.ok(existsSync(file), file)
    session.assertClean()
  })

  it('the cursor moves only when the helper has acknowledged: what it lost is sent again', async () => {
    let isDeaf = true
    const refuse = (): never => {
      throw new LineRefusal(RPC_CODES.BUSY, 'busy')
    }
    await session.connect({
      'photos/imported': ({ photos }) => {
        const all = photos as { id: number }[]
        return isDeaf ? refuse() : { accepted: all.length, refused: [], cursor: all.at(-1)?.id ?? 0 }
      },
    })
    session.host.import(session.originals(5))
    await session.host.waitFor(() => session.peer.callsOf('photos/imported').length >= 2)
    isDeaf = false
    const before = session.peer.callsOf('photos/imported').length
    await session.host.waitFor(() => session.peer.callsOf('photos/imported').length > before)
    assert.equal((session.peer.callsOf('photos/imported').at(-1)?.params['photos'] as unknown[]).length, 5)
    const settled = session.peer.callsOf('photos/imported').length
    await session.host.pass(120)
    assert.equal(session.peer.callsOf('photos/imported').length, settled)
    assert.deepEqual(session.host.faults, [])
  })

  it('an answer that acknowledges less than was sent moves nothing', async () => {
    await session.connect({ 'photos/imported': () => ({ accepted: 0, refused: [], cursor: 0 }) })
    session.host.import(session.originals(1))
    await session.host.waitFor(() => session.peer.callsOf('photos/imported').length >= 3)
    assert.deepEqual(session.host.faults, [])
  })

  it('after a crash of Lightroom the next start sends what was not acknowledged, and nothing else', async () => {
    await session.connect()
    const first = session.originals(2)
    session.host.import(first)
    await session.host.waitFor(() => session.sent.length === 2)
    await session.host.pass(1)
    const second = session.originals(3, 'Later')
    session.host.import(second)
    session.host.kill()

    session.host = await LightroomHost.start({ plugin: PLUGIN, home: session.home, catalog: session.catalog })
    session.host.import([...first, ...second])
    session.peer = new LinePeer({})
    await session.peer.dial(session.host)
    await session.host.waitFor(() => session.sent.length === 3)
    await session.host.pass(70)
    assert.deepEqual(
      session.sent.map((photo) => photo.path),
      second,
    )
    session.assertClean()
  })

  it('two catalogs in turn keep a cursor each', async () => {
    await session.connect()
    session.host.import(session.originals(3, 'One'))
    await session.host.waitFor(() => session.sent.length === 3)
    await session.host.pass(1)
    await session.host.openCatalog(path.join(session.home, 'Portraits.lrcat'))
    session.host.import(session.originals(2, 'Two'))
    session.peer = new LinePeer({})
    await session.peer.dialNext(session.host)
    await session.host.waitFor(() => session.sent.length === 2)
    assert.equal(
      session.peer.callsOf('photos/imported')[0]?.params['catalog'],
      path.join(session.home, 'Portraits.lrcat'),
    )
    session.assertClean()
  })

  it('one photo that the helper will not take holds up no other, and is told in the status', async () => {
    await session.connect({
      'photos/imported': ({ photos }) => {
        const all = photos as { id: number; path: string }[]
        if (all.some(({ path: file }) => file.endsWith('IMG_2.CR3')))
          throw new LineRefusal(RPC_CODES.INVALID_PARAMS, 'a path outside the catalog')
        return { accepted: all.length, refused: [], cursor: all.at(-1)?.id ?? 0 }
      },
      'status/get': () => EMPTY_STATUS,
    })
    session.host.import(session.originals(4))
    await session.host.waitFor(
      () =>
        session.peer
          .callsOf('photos/imported')
          .some(({ params }) => (params['photos'] as { path: string }[])[0]?.path.endsWith('IMG_4.CR3') ?? false) ||
        session.sent.filter(({ path: file }) => file.endsWith('IMG_4.CR3')).length > 1,
    )
    await session.host.pass(2)
    session.host.pressMenu('Backup Status…')
    await session.host.waitFor(() => session.host.dialogs.length > 0)
    assert.match(session.host.dialogs[0]?.text ?? '', /1 photo could not be taken and is not protected/)
    assert.match(session.host.dialogs[0]?.text ?? '', /IMG_2\.CR3: a path outside the catalog/)
    assert.deepEqual(session.host.faults, [])
  })

  it('a photo of which Lightroom says nothing for a moment is not passed over', async () => {
    await session.connect()
    const files = session.originals(3)
    session.host.import(files.slice(0, 2))
    session.host.silenceNewest(60)
    session.host.import(files.slice(2))
    await session.host.waitFor(() => session.sent.length === 3)
    assert.deepEqual(
      session.sent.map((photo) => photo.path),
      files,
    )
    session.assertClean()
  })

  it('a photo that was removed before it could be read holds up the rest for two minutes, not for good', async () => {
    await session.connect()
    session.host.import(session.originals(1))
    session.host.silenceNewest(Infinity)
    const [later = ''] = session.originals(1, 'Later')
    session.host.import([later])
    await session.host.waitFor(() => session.sent.length === 1, 200)
    assert.equal(session.sent[0]?.path, later)
    session.assertClean()
  })

  it('a removed photo and a vanished file stop nothing', async () => {
    await session.connect()
    const files = session.originals(2)
    session.host.import(files)
    rmSync(files[0] ?? '')
    await session.host.waitFor(() => session.sent.length === 2)
    assert.deepEqual(
      session.sent.map((photo) => photo.isOffline),
      [true, false],
    )
    session.assertClean()
  })

  it('an idle catalog of 100,000 photos costs less than one percent of a core, and no turn 50 ms', async () => {
    const { shareOfCore, longestSliceMs } = await idleWork(session, 100_000)
    assert.ok(shareOfCore > 0 && shareOfCore < 0.01, `${shareOfCore} of a core`)
    assert.ok(longestSliceMs > 0 && longestSliceMs < 50, `${longestSliceMs} ms`)
    assert.deepEqual(session.sent, [])
    session.assertClean()
  })

  it('with 100,000 photos no turn freezes Lightroom for 50 ms beyond what its own enumeration costs', async () => {
    await session.open()
    session.host.importMany(100_000, '/Volumes/Archive')
    session.peer = new LinePeer({
      // All known already: the cursor of an earlier session.
      'photos/imported': ({ photos }) => ({ accepted: (photos as unknown[]).length, refused: [], cursor: 1e9 }),
    })
    await session.peer.dial(session.host)
    await session.host.waitFor(() => session.sent.length >= 200, 600)
    const { longestSlice, longestSliceTask } = session.host.work
    assert.ok(longestSlice < INSTRUCTIONS_PER_SECOND / 20, `${longestSlice} instructions in "${longestSliceTask}"`)
    assert.deepEqual(session.host.faults, [])
  })
})

const EMPTY_STATUS = {
  ok: true,
  exitCode: 0,
  summary: 'Nothing is backed up yet.',
  verdict: 'unknown',
  helper: 'running',
  asOf: '2026-11-23T08:00:00.000Z',
  shoots: { protected: 0, partly: 0, atRisk: 0, unknown: 0 },
  notProtected: [],
  catalogs: [],
  places: [],
}
