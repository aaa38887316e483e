// Two at once, and one that is stopped: the second is turned away by name, and Ctrl-C ends a run by itself, says what is safe, and leaves
// the rest to the next run.
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { BackupResult } from '../../shared/methods.js'
import { answerOf, ask, backup, named, start, verify, type Failed } from '../support/safelight.js'
import { scratch, type Scratch } from '../support/tree.js'

const FILES = 60
const FILE_BYTES = 16_000_000

describe('a long backup', () => {
  let here: Scratch
  let source: string
  let drive: string
  beforeEach(() => {
    here = scratch()
    source = here.tree(
      'Wedding',
      Object.fromEntries(Array.from({ length: FILES }, (_, n) => [`IMG_${n}.CR3`, Buffer.alloc(FILE_BYTES, n)])),
    )
    drive = here.folder('drive')
  })
  afterEach(() => here.remove())

  const copied = (): number => {
    const folder = path.join(drive, 'Safelight/Photos/Wedding')
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('IMG_')).length : 0
  }
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await turn()
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`that gets ${signal} ends by itself, says what is safe, and goes on the next time`, async () => {
      const running = start(here.home, ['backup', source, '--to', drive, '--json'])
      await until(() => copied() > 0 || running.exitCode !== null)
      running.kill(signal)
      const { exitCode, stdout, stderr } = await running
      assert.equal(exitCode, 14, stderr)
      const stopped = answerOf({ exitCode, stdout, stderr }) as BackupResult
      const [, safe = ''] = /^Stopped\. (\d+) of 60 files are safe on "drive"\./.exec(stopped.summary) ?? []
      assert.ok(Number(safe) > 0 && Number(safe) < FILES, stopped.summary)
      assert.match(stopped.summary, /Run the same command again/)
      assert.match(stderr, /Stopping; what is finished stays safe/)
      assert.ok(copied() >= Number(safe), 'what was called safe is there')
      assert.ok(!readdirSync(path.join(drive, 'Safelight/Photos/Wedding')).some((name) => name.endsWith('.tmp')))

      const second = await backup(here.home, source, drive)
      assert.deepEqual(
        [second.exitCode, second.filesCopied, second.filesUnchanged],
        [0, FILES - copiedBefore(second), copiedBefore(second)],
      )
      assert.ok(copiedBefore(second) >= Number(safe), 'nothing that was safe is sent again')
      assert.deepEqual(named((await verify(here.home)).findings), [])
    })
  }

  it('turns a second one on the same home away, by name, and is not disturbed', async () => {
    const running = start(here.home, ['backup', source, '--to', drive, '--json'])
    await until(() => copied() > 0 || running.exitCode !== null)
    // Held in the middle of its work, so that a fast disk cannot let it end before the second one has come to the door.
    running.kill('SIGSTOP')
    const turnedAway = await ask<Failed>(here.home, ['backup', source, '--to', drive])
    running.kill('SIGCONT')
    assert.deepEqual([turnedAway.exitCode, turnedAway.code], [40, 'HOME_IN_USE'])
    assert.match(turnedAway.message, new RegExp(`"safelight backup", process ${running.pid ?? ''}, since `))
    const { exitCode, stdout } = await running
    assert.equal(exitCode, 0)
    assert.equal((JSON.parse(stdout) as BackupResult).filesCopied, FILES)
  })
})

function copiedBefore(result: BackupResult): number {
  return result.filesUnchanged + result.filesAdopted
}
