// Mounted twice: a few thousand lines in the quick tests, a million in the long ones.
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { senselessLine, randomFrom } from './fuzz.js'
import { Session } from './support.js'

const BATCH = 500

export function describeFuzz(lines: number, seed: number): void {
  describe(`${lines.toLocaleString('en')} senseless, damaged and forged lines`, () => {
    const session = new Session()
    after(() => session.close())

    it('crash nothing, hang nothing, and not one is believed without the token', async () => {
      await session.connect({ 'status/get': () => undefined })
      // A question that stays open, so that there is something to forge the answer of.
      session.host.pressMenu('Backup Status…')
      await session.host.waitFor(() => session.peer.callsOf('status/get').length > 0)
      const random = randomFrom(seed)
      const newline = Buffer.from('\n')
      let sent = 0
      while (sent < lines) {
        const batch: Buffer[] = []
        for (let index = 0; index < BATCH; index += 1)
          batch.push(senselessLine(random, session.peer.lineToken), newline)
        sent += BATCH
        const size = session.host.linesHeard + BATCH
        session.peer.raw(Buffer.concat(batch))
        await session.host.waitFor(() => session.host.linesHeard >= size, 5)
        if (sent % 50_000 === 0) assert.deepEqual(session.host.faults, [], `seed ${seed}, after ${sent} lines`)
      }
      assert.deepEqual(session.host.faults, [], `seed ${seed}`)
      assert.ok(!JSON.stringify(session.host.dialogs).includes('FORGED'))
      session.host.import(session.originals(1))
      await session.host.waitFor(() => session.sent.length === 1)
    })
  })
}
