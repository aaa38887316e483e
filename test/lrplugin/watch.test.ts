import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { LinePeer, writePluginJson, type Handler } from '../support/lightroom/peer.js'
import { LightroomHost, type HostOptions } from '../support/lightroom/host.js'
import { PLUGIN } from '../support/lightroom/plugin.js'

describe('the watch for imports', () => {
  let home: string
  let host: LightroomHost | undefined

  beforeEach(() => {
    home = mkdtempSync(path.join(os.tmpdir(), 'safelight-lr-'))
  })
  afterEach(() => {
    host?.kill()
    host = undefined
    rmSync(home, { recursive: true, force: true })
  })

  async function start(handlers: Record<string, Handler> = {}, options: Partial<HostOptions> = {}): Promise<LinePeer> {
    writePluginJson(home)
    host = await LightroomHost.start({ plugin: PLUGIN, home, catalog: path.join(home, 'Wedding.lrcat'), ...options })
    const peer = new LinePeer(handlers)
    await peer.dial(host)
    await host.waitFor(() => peer.callsOf('session/hello').length > 0)
    return peer
  }

  function originals(count: number, folder = 'Photos'): string[] {
    mkdirSync(path.join(home, folder), { recursive: true })
    return Array.from({ length: count }, (_, index) => {
      const file = path.join(home, folder, `IMG_${index + 1}.CR3`)
      writeFileSync(file, `raw ${index}`)
      return file
    })
  }

  const sentPhotos = (peer: LinePeer): { id: number; path: string; isOffline: boolean; format: string }[] =>
    peer
      .callsOf('photos/imported')
      .flatMap(({ params }) => params['photos'] as { id: number; path: string; isOffline: boolean; format: string }[])

  it('an import is handed over within sixty seconds, with nobody doing anything', async () => {
    const peer = await start()
    await host!.pass(40)
    const begun = host!.seconds
    const files = originals(3)
    host!.import(files)
    await host!.waitFor(() => sentPhotos(peer).length === 3)
    assert.ok(host!.seconds - begun <= 60, `${host!.seconds - begun} s`)
    assert.deepEqual(
      sentPhotos(peer).map((photo) => photo.path),
      files,
    )
    assert.deepEqual(host!.faults, [])
  })
})
