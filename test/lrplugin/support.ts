// A Lightroom with the built plugin, its files and a peer at the other end of the sockets, in a fresh folder per test.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { ImportedPhoto } from '../../shared/methods.js'
import { LightroomHost, type HostOptions } from '../support/lightroom/host.js'
import { LinePeer, writePluginJson, type Handler } from '../support/lightroom/peer.js'
import { PLUGIN } from '../support/lightroom/plugin.js'

export class Session {
  readonly home = mkdtempSync(path.join(os.tmpdir(), 'safelight-lr-'))
  readonly catalog = path.join(this.home, 'Wedding.lrcat')
  host!: LightroomHost
  peer!: LinePeer

  /** Lightroom alone; `settings` are members of plugin.json that differ, or false for no such file. */
  async open(settings: Record<string, unknown> | false = {}, options: Partial<HostOptions> = {}): Promise<void> {
    if (settings !== false) writePluginJson(this.home, settings)
    this.host = await LightroomHost.start({ plugin: PLUGIN, home: this.home, catalog: this.catalog, ...options })
  }

  /** Lightroom, and a peer with which the plugin has said hello. */
  async connect(handlers: Record<string, Handler> = {}, options: Partial<HostOptions> = {}): Promise<void> {
    await this.open({}, options)
    this.peer = new LinePeer(handlers)
    await this.peer.dial(this.host)
    await this.host.waitFor(() => this.peer.callsOf('session/hello').length > 0)
    await this.host.pass(0.5)
  }

  close(): void {
    if ((this.host as LightroomHost | undefined) !== undefined) this.host.kill()
    rmSync(this.home, { recursive: true, force: true })
  }

  originals(count: number, folder = 'Photos', extension = 'CR3'): string[] {
    mkdirSync(path.join(this.home, folder), { recursive: true })
    return Array.from({ length: count }, (_, index) => {
      const file = path.join(this.home, folder, `IMG_${index + 1}.${extension}`)
      writeFileSync(file, `raw ${index}`)
      return file
    })
  }

  get sent(): ImportedPhoto[] {
    return this.peer.callsOf('photos/imported').flatMap(({ params }) => params['photos'] as ImportedPhoto[])
  }

  /** Nothing that Lightroom would have complained about, and nothing that failed quietly in a task. */
  assertClean(): void {
    assert.deepEqual(this.host.faults, [])
    assert.deepEqual(
      this.host.log.filter((line) => !line.startsWith('info')),
      [],
    )
  }
}
