import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { backgroundCommand } from '../../lrplugin/launch.js'
import { countSettled, nextPassSeconds, type Candidate } from '../../lrplugin/settle.js'
import { backgroundWords } from '../support/lightroom/cmd.js'

describe('the command that starts the bridge', () => {
  const printable = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 40 })
    .map((text) => text.replaceAll(/[\u0000-\u001f\ud800-\udfff]/g, 'x'))

  it('whatever a file is called, sh hands it to the program as it is', function () {
    if (process.platform === 'win32') this.skip()
    const folder = mkdtempSync(path.join(os.tmpdir(), 'safelight-sh-'))
    const program = path.join(folder, 'print')
    writeFileSync(program, '#!/bin/sh\nfor word in "$@"; do printf "%s\\0" "$word"; done\n')
    chmodSync(program, 0o755)
    const hostile = [
      "it's",
      'a b',
      '$(id)',
      '`id`',
      '"',
      '\\',
      ';',
      '&',
      '|',
      '*',
      '~',
      "'; rm -rf x; '",
      'é',
      '%PATH%',
      '!!',
      '#',
      "''",
      '-n',
    ]
    const words = [...hostile, ...fc.sample(printable, 100)]
    const command = backgroundCommand('unix', [program, ...words])
    assert.ok(command !== undefined)
    const inForeground = command.replace(' </dev/null >/dev/null 2>&1 &', '')
    assert.notEqual(inForeground, command)
    assert.deepEqual(execFileSync('/bin/sh', ['-c', inForeground]).toString().split('\0').slice(0, -1), words)
    rmSync(folder, { recursive: true })
  })

  it('whatever a file is called, cmd.exe starts that one program with those words, or it is refused', () => {
    fc.assert(
      fc.property(fc.array(printable, { minLength: 1, maxLength: 5 }), (words) => {
        const command = backgroundCommand('windows', words)
        if (words.some((word) => word.includes('"') || word.includes('%'))) assert.equal(command, undefined)
        else assert.deepEqual(backgroundWords(command ?? ''), words)
      }),
    )
  })

  it('a path with spaces, ampersands and accents is quoted for cmd.exe, which strips the outermost pair', () => {
    assert.equal(
      backgroundCommand('windows', ['C:\\Program Files\\Node & Co\\node.exe', 'C:\\Users\\Zoë\\', 'bridge']),
      '"start "" /b "C:\\Program Files\\Node & Co\\node.exe" "C:\\Users\\Zoë\\\\" "bridge" <NUL >NUL 2>&1"',
    )
  })

  it('what cannot be quoted without doubt is refused', () => {
    for (const word of ['', 'a\nb', 'a\0b', 'a\rb']) {
      assert.equal(backgroundCommand('unix', ['x', word]), undefined)
      assert.equal(backgroundCommand('windows', ['x', word]), undefined)
    }
    for (const word of ['a"b', '%PATH%', '100%']) assert.equal(backgroundCommand('windows', ['x', word]), undefined)
    assert.equal(backgroundCommand('unix', []), undefined)
  })
})

describe('when a photo has settled', () => {
  const photo = { id: 1, uuid: '', path: '/x', format: 'RAW', isVideo: false, isOffline: false }
  const candidate = (firstSeenAt: number, sizeSince: number): Candidate => ({
    photo,
    firstSeenAt,
    sizeBytes: 10,
    sizeSince,
  })

  it('five seconds without a newer photo and without growth', () => {
    assert.equal(countSettled([candidate(0, 0)], 0, 4.9), 0)
    assert.equal(countSettled([candidate(0, 0)], 0, 5), 1)
    assert.equal(countSettled([candidate(0, 2)], 0, 5), 0)
    assert.equal(countSettled([candidate(0, 0)], 3, 5), 0)
  })

  it('in a long import a photo goes after twenty seconds although newer ones arrive', () => {
    assert.equal(countSettled([candidate(0, 0)], 19, 20), 1)
  })

  it('one that waits holds back those behind it, so that the cursor passes nothing', () => {
    assert.equal(countSettled([candidate(0, 0), candidate(0, 9), candidate(0, 0)], 0, 10), 1)
  })

  it('a file that grows for two minutes is handed over and left to the helper', () => {
    assert.equal(countSettled([candidate(0, 119)], 119, 120), 1)
  })

  it('an idle catalog costs less than one percent of a core, however large', () => {
    for (const cost of [0, 0.01, 0.05, 0.3, 0.5, 1, 3])
      assert.ok(cost / nextPassSeconds(cost, false) < 0.01, `${cost} s`)
    assert.equal(nextPassSeconds(0.01, false), 30)
    assert.ok(nextPassSeconds(0.3, false) <= 60, 'a large catalog is still looked through every minute')
    assert.equal(nextPassSeconds(0.01, true), 5)
  })
})
