// Whatever happens to the copies and to the records beside them while nobody looks, a verification names it, and says nothing of what is good.
import assert from 'node:assert/strict'
import { appendFileSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { backup, named, verify } from '../support/safelight.js'
import { scratch, type Scratch, write } from '../support/tree.js'

/** What somebody would put back who wants an earlier state to be believed. */
const RECORDS = ['chain.jsonl', 'Photos/Wedding/safelight.b3', 'Photos/Wedding/safelight-log.jsonl']

describe('verify', () => {
  let here: Scratch
  let drive: string
  let photos: string
  before(async () => {
    here = scratch()
    const source = here.tree('Wedding', {
      'IMG_1.CR3': null,
      'IMG_2.CR3': null,
      'IMG_3.CR3': null,
      'party/IMG_4.CR3': null,
    })
    drive = here.folder('drive')
    photos = path.join(drive, 'Safelight/Photos')
    await backup(here.home, source, drive)
    for (const record of RECORDS) cpSync(path.join(drive, 'Safelight', record), here.at('old', record))
    write(path.join(source, 'IMG_3.CR3'), 'another content', new Date())
    await backup(here.home, source, drive)
    cpSync(here.root, `${here.root}.good`, { recursive: true, preserveTimestamps: true })
  })
  after(() => {
    here.remove()
    rmSync(`${here.root}.good`, { recursive: true, force: true })
  })
  /** Everything as it was after the backup, without running it again. */
  const reset = (): void => {
    rmSync(path.join(drive, 'Safelight'), { recursive: true })
    rmSync(here.home, { recursive: true })
    cpSync(`${here.root}.good/drive/Safelight`, path.join(drive, 'Safelight'), {
      recursive: true,
      preserveTimestamps: true,
    })
    cpSync(`${here.root}.good/home`, here.home, { recursive: true, preserveTimestamps: true })
  }
  beforeEach(reset)
  const at = (...parts: string[]): string => path.join(photos, ...parts)
  const edit = (file: string, change: (text: string) => string): void =>
    writeFileSync(file, change(readFileSync(file, 'utf8')))
  const withoutLine = (n: number) => (text: string) => text.split('\n').toSpliced(n, 1).join('\n')

  it('names every flipped bit, missing, extra and unreadable copy', async () => {
    const rotten = readFileSync(at('Wedding/IMG_1.CR3'))
    rotten.writeUInt8(rotten.readUInt8(0) ^ 128, 0)
    writeFileSync(at('Wedding/IMG_1.CR3'), rotten)
    rmSync(at('Wedding/IMG_2.CR3'))
    writeFileSync(at('Wedding/stranger.jpg'), 'x')
    rmSync(at('Wedding/party/IMG_4.CR3'))
    mkdirSync(at('Wedding/party/IMG_4.CR3'))
    const { exitCode, findings, checked, good, summary } = await verify(here.home)
    assert.deepEqual(named(findings), [
      'damaged drive Wedding/IMG_1.CR3',
      'extra drive Wedding/stranger.jpg',
      'missing drive Wedding/IMG_2.CR3',
      'unreadable drive Wedding/party/IMG_4.CR3',
    ])
    assert.deepEqual([exitCode, checked, good], [11, 5, 2])
    assert.match(summary, /4 findings/)
    const again = await verify(here.home)
    assert.deepEqual(named(again.findings), named(findings), 'and says it again the next time')
  })

  const TAMPERED: readonly (readonly [string, () => void, readonly RegExp[]])[] = [
    [
      'a removed manifest line',
      () => edit(at('Wedding/safelight.b3'), withoutLine(1)),
      [/the line for IMG_2\.CR3 was removed/],
    ],
    [
      'an altered manifest line',
      () => edit(at('Wedding/safelight.b3'), (text) => text.replace(/^[0-9a-f]{8}/, '00000000')),
      [/the line for IMG_1\.CR3 was altered/],
    ],
    [
      'an added manifest line',
      () => appendFileSync(at('Wedding/safelight.b3'), `${'0'.repeat(64)}  more.jpg\n`),
      [/a line for more\.jpg was added/],
    ],
    ['a manifest that is gone', () => rmSync(at('Wedding/party/safelight.b3')), [/the manifest is gone/]],
    [
      'a removed log line',
      () => edit(at('Wedding/safelight-log.jsonl'), withoutLine(2)),
      [/log was altered or shortened/],
    ],
    ['a log that is gone', () => rmSync(at('Wedding/safelight-log.jsonl')), [/log .*gone/]],
    [
      'a chain line removed from the middle',
      () => edit(path.join(drive, 'Safelight/chain.jsonl'), withoutLine(1)),
      [/record of sealed manifests was altered/],
    ],
    [
      'a chain cut short',
      () => edit(path.join(drive, 'Safelight/chain.jsonl'), withoutLine(2)),
      [/1 of its 3 lines have been removed/, /generation 2/],
    ],
    [
      'everything rolled back to an older generation',
      () => {
        for (const record of RECORDS) cpSync(here.at('old', record), path.join(drive, 'Safelight', record))
      },
      [/1 of its 3 lines have been removed/, /generation 2/, /the line for IMG_3\.CR3 was altered/],
    ],
    [
      'a chain that is gone',
      () => rmSync(path.join(drive, 'Safelight/chain.jsonl')),
      [/3 of its 3 lines have been removed/],
    ],
  ]
  for (const [name, tamper, messages] of TAMPERED) {
    it(`notices ${name}`, async () => {
      tamper()
      const { exitCode, findings } = await verify(here.home)
      assert.equal(exitCode, 11)
      assert.deepEqual([...new Set(findings.map(({ kind, place }) => `${kind} ${place}`))], ['manifest drive'])
      for (const message of messages)
        assert.ok(
          findings.some((finding) => message.test(finding.message)),
          `${String(message)} in ${findings.map((finding) => finding.message).join('; ')}`,
        )
    })
  }

  it('reads one shoot and those below it, one place, or everything', async () => {
    assert.deepEqual((await verify(here.home, 'Wedding/party')).checked, 1)
    assert.deepEqual((await verify(here.home, 'Wedding')).checked, 5)
    assert.deepEqual((await verify(here.home, '--place', 'working')).checked, 4)
    assert.deepEqual((await verify(here.home, '--all')).checked, 9)
    const unknown = await verify(here.home, 'Wedding', 'Funeral')
    assert.equal(unknown.exitCode, 18)
    assert.match(unknown.summary, /No shoot "Funeral" is known/)
  })

  it('says which drive is away, and checks nothing in its stead', async () => {
    renameSync(path.join(drive, 'Safelight'), path.join(drive, 'elsewhere'))
    const one = await verify(here.home, '--place', 'drive')
    assert.equal(one.exitCode, 20)
    assert.match(one.summary, /"drive" is not at/)
    const all = await verify(here.home, '--all')
    assert.match(all.summary, /not connected: "drive"/i)
    assert.equal(all.checked, 4)
    renameSync(path.join(drive, 'elsewhere'), path.join(drive, 'Safelight'))
  })

  it('says that originals are away, and does not call them good', async () => {
    renameSync(here.at('Wedding'), here.at('unplugged'))
    const originals = await verify(here.home, '--place', 'working')
    assert.deepEqual([originals.exitCode, originals.checked], [26, 0])
    assert.match(originals.summary, /originals of "Wedding" .* are not there and were not read/)
    assert.match(
      (await verify(here.home, '--all')).summary,
      /Not read, because not connected: the originals of "Wedding"/,
    )
    renameSync(here.at('unplugged'), here.at('Wedding'))
  })
})
