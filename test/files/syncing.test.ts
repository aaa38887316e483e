import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { execa } from 'execa'
import { FileSystemSyncs } from '../../helper/files/syncing.js'
import { freshFolder } from '../support/shoots.js'

describe('making a whole file system durable', () => {
  const isLinux = process.platform === 'linux'
  let folder: string
  let syncs: FileSystemSyncs

  beforeEach(() => {
    folder = freshFolder()
    syncs = new FileSystemSyncs()
  })
  afterEach(() => {
    syncs.close()
    fs.rmSync(folder, { recursive: true, force: true })
  })

  /** The shells that sync this folder. */
  function shells(): number[] {
    return fs
      .readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && commandOf(name).endsWith(`\0sh\0${folder}\0`))
      .map(Number)
  }

  function commandOf(pid: string): string {
    try {
      return fs.readFileSync(path.join('/proc', pid, 'cmdline'), 'utf8')
    } catch (error) {
      if (error instanceof Error) return ''
      throw error
    }
  }

  /** The one shell, which answers nothing any more. */
  async function stoppedShell(): Promise<number> {
    await syncs.ask(folder)
    const [shell] = shells()
    assert.ok(shell !== undefined)
    process.kill(shell, 'SIGSTOP')
    return shell
  }

  it('says that it is done, where the system can, and that it is not for a folder that is not there', async () => {
    assert.equal(await syncs.ask(folder), isLinux)
    assert.equal(await syncs.ask(path.join(folder, 'no such folder')), false)
    assert.equal(await syncs.ask(folder), isLinux)
  })

  it('takes a folder’s name for a name, whatever it is', async () => {
    const odd = path.join(folder, '$(touch hit); "\'\n -x')
    fs.mkdirSync(odd)
    assert.equal(await syncs.ask(odd), isLinux)
    assert.deepEqual(fs.readdirSync(folder), [path.basename(odd)])
  })

  it('answers everybody, with one shell for each folder', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => syncs.ask(folder)))
    assert.deepEqual(
      answers,
      answers.map(() => isLinux),
    )
    if (isLinux) assert.equal(shells().length, 1)
  })

  it('says no when the shell was killed, and goes on with another', async () => {
    if (!isLinux) return
    const shell = await stoppedShell()
    const unanswered = syncs.ask(folder)
    const next = syncs.ask(folder)
    process.kill(shell, 'SIGKILL')
    assert.equal(await unanswered, false)
    assert.equal(await next, true)
  })

  it('leaves nobody without an answer, and no shell, when it ends', async () => {
    if (!isLinux) return
    const shell = await stoppedShell()
    const unanswered = [syncs.ask(folder), syncs.ask(folder)]
    syncs.close()
    assert.deepEqual(await Promise.all(unanswered), [false, false])
    process.kill(shell, 'SIGCONT')
    // It ends by itself once its input has ended; the system tells when.
    await execa('tail', ['--pid', String(shell), '-f', '/dev/null'])
    assert.deepEqual(shells(), [])
  })
})
