// What the command line promises to scripts before any work is done: one object with --json whatever happens, exit codes by tens, the
// answer and nothing else on stdout, and wrong input refused in words that say what to write instead.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { answerOf, PROJECT, safelight, type Failed } from '../support/safelight.js'
import { scratch, type Scratch } from '../support/tree.js'

describe('the command line', () => {
  let here: Scratch
  before(() => (here = scratch()))
  after(() => here.remove())

  const WRONG: readonly (readonly [readonly string[], RegExp])[] = [
    [['--json=false'], /Name a command/],
    [['frobnicate'], /frobnicate/],
    [['backup'], /name of a folder/],
    [['backup', 'shoot', '--nope'], /nope/],
    [['backup', 'shoot', '--to'], /--to/],
    [['backup', '', '--to', 'drive'], /empty/],
    [['backup', 'shoot', '--to', ''], /empty/],
    [['verify', '--place', ''], /empty/],
    [['verify', ''], /empty/],
    [['place'], /add, list, rename or remove/],
    [['place', 'frobnicate'], /frobnicate/],
    [['place', 'add'], /name of a folder/],
    [['place', 'add', ''], /empty/],
    [['rebuild'], /--from/],
    [['shoots', 'surplus'], /surplus/],
    [['status', '--place', 'x'], /place/],
    [['verify', '--place', 'a', '--place', 'b'], /--place was given twice/],
    [['restore', 'Trip', '--to', 'a', '--to=b'], /--to was given twice/],
    [['place', 'add', 's3://x', '--endpoint', 'a', '--endpoint', 'b'], /--endpoint was given twice/],
    [['prune', '--home', 'a', '--dry-run', '--home', 'b'], /--home was given twice/],
  ]

  it('refuses wrong input with exit code 2, one object with --json, and words that say what is wrong', async () => {
    await allOf(WRONG, async ([args, words]) => {
      const said = await safelight(here.home, [...args, '--json'])
      const answer = answerOf(said, args) as Failed
      assert.equal(said.exitCode, 2, args.join(' '))
      assert.equal(answer.code, 'USAGE', args.join(' '))
      assert.match(answer.message, words, args.join(' '))
      assert.doesNotMatch(answer.summary, /non-option|Missing required argument|following:/, args.join(' '))
      assert.ok(answer.remedy.length > 0)
    })
    assert.ok(!existsSync(here.home), 'a command that was not understood leaves no journal behind')
  })

  it('prints nothing but the answer on stdout, and what went wrong on stderr', async () => {
    const wrong = await safelight(here.home, ['backup', here.at('nowhere'), '--to', here.folder('drive')])
    assert.equal(wrong.stdout, '')
    assert.match(wrong.stderr, /There is no folder or file .*nowhere/)
    assert.equal(wrong.exitCode, 26)
  })

  it('says its version as package.json has it', async () => {
    const { version } = JSON.parse(readFileSync(path.join(PROJECT, 'package.json'), 'utf8')) as { version: string }
    assert.deepEqual(await safelight(here.home, ['--version']), { exitCode: 0, stdout: version, stderr: '' })
  })

  const HELP: Readonly<Record<string, readonly string[]>> = {
    '': ['backup', 'status', 'shoots', 'verify', 'place', 'rebuild', 'doctor', '--json', '--home'],
    backup: ['path', '--to', '--json', '--home'],
    verify: ['shoot', '--place', '--all', '--json', '--home'],
    status: ['shoot', '--json', '--home'],
    shoots: ['--search', '--json', '--home'],
    rebuild: ['--from', '--rehash', '--json', '--home'],
    doctor: ['bucket', '--endpoint', '--json', '--home'],
    'place add': [
      'where',
      '--name',
      '--endpoint',
      '--lock-days',
      '--limit',
      '--encrypt',
      '--hide-names',
      '--json',
      '--home',
    ],
    'place rename': ['place', 'name', '--json', '--home'],
    'place remove': ['place', '--json', '--home'],
    'place list': ['--json', '--home'],
  }

  it('explains every argument and option of every command with --help', async () => {
    await allOf(Object.entries(HELP), async ([command, words]) => {
      const { exitCode, stdout } = await safelight(here.home, [...command.split(' ').filter(Boolean), '--help'])
      assert.equal(exitCode, 0, command)
      for (const word of words) assert.ok(stdout.includes(word), `${command} --help does not mention ${word}`)
      for (const line of stdout.split('\n'))
        assert.doesNotMatch(line, /^ {2}(--)?\w+ +\[/, `${command} --help explains nothing in "${line}"`)
    })
  })
})

/** A few at once: each is a process that does little but start. */
async function allOf<T>(cases: readonly T[], check: (each: T) => Promise<void>): Promise<void> {
  const waiting = [...cases]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await check(next)
  }
  await Promise.all([work(), work(), work()])
}
