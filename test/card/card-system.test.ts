// What the program asks of the system while it reads a card: nothing that could change it.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { ask, MAIN, safelight } from '../support/safelight.js'
import { freshFolder, isThere, makeTree } from '../support/shoots.js'
import { bindMount } from '../support/mounts.js'
import type { CardResult } from '../../shared/methods.js'

describe('safelight card', function () {
  this.timeout(60_000)
  let root = ''
  let card = ''
  beforeEach(() => {
    root = freshFolder()
    card = path.join(root, 'EOS_DIGITAL')
    makeTree(card, {
      DCIM: { '100EOSR5': { 'IMG_0001.CR3': 400_000, 'IMG_0001.xmp': 'x', 'IMG_0002.CR3': 3_000_000 } },
    })
  })
  afterEach(() => fs.rmSync(root, { recursive: true, force: true }))

  it('opens everything on the card for reading only, and changes no name, time or right (strace)', function () {
    if (process.platform !== 'linux' || !isThere('strace', ['-V'])) {
      process.stderr.write('      LEFT OUT: strace is not installed; what is asked of the system is not looked at\n')
      this.skip()
    }
    const trace = path.join(root, 'trace')
    const photo = path.join(card, 'DCIM', '100EOSR5', 'IMG_0002.CR3')
    const lastAccess = new Date('2020-01-02T03:04:05Z')
    fs.utimesSync(photo, lastAccess, fs.statSync(photo).mtime)
    const args = ['-f', '-qq', '-y', '-e', 'trace=file,desc', '-o', trace, process.execPath, MAIN]
    try {
      execFileSync('strace', [...args, 'card', card, '--home', path.join(root, 'home'), '--json'], { stdio: 'pipe' })
      assert.fail('a card of which nothing is known is not safe')
    } catch (error) {
      assert.equal((error as { status?: number }).status, 10, String(error))
    }
    const lines = fs
      .readFileSync(trace, 'utf8')
      .split('\n')
      .filter((line) => line.includes(card))
    const reads = lines.filter((line) => /\b(read|pread64)\(/.test(line))
    assert.ok(reads.length > 0, 'the card was read')
    const harmless =
      /\b(openat|open|read|pread64|close|fstat|statx|lstat|stat|newfstatat|readlink|readlinkat|getdents64|fcntl|lseek|statfs|access|faccessat2?|dup|execve|epoll_ctl|ioctl)\(/
    assert.deepEqual(
      lines.filter((line) => !harmless.test(line) && !/resumed/.test(line)),
      [],
    )
    const writing = lines.filter(
      (line) => /\bopen(at)?\(/.test(line) && /O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)/.test(line),
    )
    assert.deepEqual(writing, [])
    // Otherwise the system would write down that it was read: on the card.
    const opened = lines.filter((line) => /\bopen(at)?\(/.test(line) && line.includes('IMG_0002.CR3'))
    assert.ok(opened.length > 0 && opened.every((line) => line.includes('O_NOATIME')), opened.join('\n'))
    assert.equal(fs.statSync(photo).atimeMs, lastAccess.getTime())
    if (lines.some((line) => /O_DIRECT/.test(line))) assert.ok(lines.some((line) => /IMG_0002.*O_DIRECT/.test(line)))
  })

  it('reads a card that is mounted read-only', async function () {
    const mounted = bindMount(card, path.join(root, 'slot'), 'ro')
    if (typeof mounted === 'string') {
      process.stderr.write(`      LEFT OUT: ${mounted}\n`)
      this.skip()
    }
    try {
      const result = await ask<CardResult>(path.join(root, 'home'), ['card', mounted.folder])
      assert.deepEqual(
        [result.exitCode, result.files, result.unsafe.map(({ kind }) => kind)],
        [10, 3, ['never-imported', 'never-imported', 'never-imported']],
      )
    } finally {
      mounted.unmount()
    }
  })

  it('says one word, one sentence and the evidence to a person', async () => {
    const { stdout, exitCode } = await safelight(path.join(root, 'home'), ['card', card])
    assert.equal(exitCode, 10)
    const lines = stdout.split('\n')
    assert.match(lines[0] ?? '', /^DO NOT FORMAT\. 3 of 3 files on EOS_DIGITAL are not proven .*: 3 never imported\./)
    assert.match(stdout, /DCIM\/100EOSR5\/IMG_0001\.CR3\n +it was never imported/)
    assert.match(stdout, /Evidence +\d+ read from the device/)
  })
})
