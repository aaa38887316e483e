// The real plugin in the Lightroom host, for some of the histories: what is imported is told to the engine through it, and what gets lost on the
// way (the message, the answer, the engine itself) it must tell again by itself.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import type { Params, Result } from '../../../shared/methods.js'
import { success, type RequestId } from '../../../shared/rpc.js'
import { LightroomHost } from '../../support/lightroom/host.js'
import { LinePeer, writePluginJson } from '../../support/lightroom/peer.js'
import { PLUGIN } from '../../support/lightroom/plugin.js'

type Telling = Params<'photos/imported'>
type Answer = Result<'photos/imported'>

/** @returns the engine's answer; undefined when it died, or could not give one */
export type Take = (telling: Telling) => Promise<Answer | undefined>

/** Seconds of Lightroom's clock between two looks of the plugin, and a little more. */
const POLL_SECONDS = 40
/** After this long the plugin asks again for an answer that never came, more than once. */
const PATIENCE_SECONDS = 1200

export class Lightroom {
  readonly #host: LightroomHost
  readonly #take: Take
  /** Of what is on its way, this share never arrives, and the answer to this share never comes back. */
  #lossShare = 0
  #draw: () => number = () => 1
  #highest = 0
  #acknowledged = 0
  #underWay = new Set<Promise<void>>()

  private constructor(host: LightroomHost, take: Take) {
    this.#host = host
    this.#take = take
  }

  static async start(root: string, catalog: string, library: string, take: Take): Promise<Lightroom> {
    const home = path.join(root, 'user')
    fs.mkdirSync(home)
    writePluginJson(home)
    const host = await LightroomHost.start({ plugin: PLUGIN, home, catalog, roots: [library] })
    const lightroom = new Lightroom(host, take)
    const peer = new LinePeer({
      'photos/imported': (params, at, id) => lightroom.#pass(params as unknown as Telling, at, id),
    })
    await peer.dial(host)
    await host.waitFor(() => peer.callsOf('session/hello').length > 0)
    return lightroom
  }

  /** Lightroom imports, and the plugin looks. @param lossShare  of messages and of answers */
  async import(files: readonly string[], lossShare: number, draw: () => number): Promise<string> {
    this.#lossShare = lossShare
    this.#draw = draw
    this.#highest = Math.max(this.#highest, ...this.#host.import(files))
    await this.#host.pass(POLL_SECONDS)
    await Promise.all(this.#underWay)
    return `${files.length} imported, told up to ${this.#acknowledged} of ${this.#highest}`
  }

  /** With nothing lost any more, everything is told. */
  async settle(): Promise<string> {
    this.#lossShare = 0
    await this.#host.waitFor(() => this.#acknowledged >= this.#highest, PATIENCE_SECONDS)
    await Promise.all(this.#underWay)
    assert.deepEqual(this.#host.faults, [], 'Lightroom has nothing to complain about')
    return `all ${this.#highest} are told`
  }

  #pass(telling: Telling, peer: LinePeer, id: RequestId): undefined {
    if (this.#draw() < this.#lossShare) return
    const work = this.#take(telling)
      .then((answer) => {
        if (answer === undefined || this.#draw() < this.#lossShare) return
        this.#acknowledged = Math.max(this.#acknowledged, answer.cursor)
        peer.send(success(id, answer))
      })
      .finally(() => this.#underWay.delete(work))
    this.#underWay.add(work)
  }

  close(): void {
    this.#host.kill()
  }
}
