// Two computers and one drive on the network: two homes, each with its own originals, that write to one place in turn, at the same time, and
// over what the other was killed in.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { systemFiles } from '../../helper/files/durable.js'
import { chooseHashEngine } from '../../helper/files/hash.js'
import { appendToChain, linkLines, readChain } from '../../helper/manifest/chain.js'
import { TURN_FILE } from '../../helper/place/turn.js'
import type { BackupResult, VerifyResult } from '../../shared/methods.js'
import { SafelightError } from '../../helper/errors.js'
import { backup, foldersAsDisks, verify } from '../support/daemon.js'
import { FaultSet, type Fault, type Method } from '../support/faults.js'
import { named } from '../support/safelight.js'
import { checkManifests, freshFolder, hashOf, makeTree, readTree, type Tree } from '../support/shoots.js'

type Computer = 'anna' | 'ben'

/** Of the calls before which a drive goes; EVERY=1 takes each, in half a minute. */
const EVERY = Number(process.env['EVERY'] ?? 13)

describe('two computers and one network drive', () => {
  let root: string
  beforeEach(() => {
    root = freshFolder({ inMemory: true })
    fs.mkdirSync(nas())
  })
  afterEach(() => fs.rmSync(root, { recursive: true, force: true }))

  const nas = (): string => path.join(root, 'NAS')
  const below = (...parts: string[]): string => path.join(nas(), 'Safelight', ...parts)
  const optionsOf = (who: Computer) => ({
    home: path.join(root, `${who} home`),
    volumes: foldersAsDisks(root),
    withoutThreads: true,
  })
  const shoot = (who: Computer, name: string, tree: Tree, seed = 1): string => {
    const folder = path.join(root, `${who} disk`, name)
    makeTree(folder, tree, seed)
    return folder
  }
  const backUp = async (who: Computer, folder: string): Promise<BackupResult> => {
    const result = await backup(optionsOf(who), [folder], [nas()])
    assert.ok(result.ok, `${who}: ${result.summary}`)
    return result
  }
  const findings = async (who: Computer): Promise<string[]> => named((await check(who)).findings)
  const check = (who: Computer): Promise<VerifyResult> => verify(optionsOf(who))
  const bothAreClean = async (): Promise<void> => {
    for (const who of ['anna', 'ben'] as const) assert.deepEqual(await findings(who), [], who)
    assert.deepEqual(checkManifests(nas()), [])
  }

  it('each knows what the other has added, replaced and sealed, and neither finds fault with it', async () => {
    const wedding = shoot('anna', 'Wedding', { 'A_1.CR3': 4000, 'A_2.CR3': 3000 })
    const trip = shoot('ben', 'Trip', { 'B_1.CR3': 4000 }, 2)
    await backUp('anna', wedding)
    await backUp('ben', trip)
    await bothAreClean()
    fs.writeFileSync(path.join(wedding, 'A_1.CR3'), 'edited since')
    makeTree(wedding, { 'A_3.CR3': 5000 }, 3)
    await backUp('anna', wedding)
    makeTree(trip, { 'B_2.CR3': 5000 }, 4)
    await backUp('ben', trip)
    await bothAreClean()
    const { checked, good } = await check('ben')
    assert.deepEqual([checked, good], [6, 6], 'the earlier content in Versions/ too')
  })

  it('sources of one name get folders of their own', async () => {
    await backUp('anna', shoot('anna', '2026', { 'IMG_1.CR3': 4000 }))
    const result = await backUp('ben', shoot('ben', '2026', { 'IMG_1.CR3': 4000 }, 2))
    assert.match(result.warnings.map(String).join('\n') + result.summary, /2026 \(2\)/)
    assert.deepEqual(fs.readdirSync(below('Photos')).sort(), ['2026', '2026 (2)'])
    await bothAreClean()
  })

  it('a name that was free when it was known at home is not taken twice', async () => {
    const folders = {
      anna: shoot('anna', '2026', { 'IMG_1.CR3': 4000 }),
      ben: shoot('ben', '2026', { 'IMG_1.CR3': 900 }, 2),
    }
    // Both know their own by this name before they meet the drive.
    for (const who of ['anna', 'ben'] as const) {
      const own = path.join(root, `${who} drive`)
      fs.mkdirSync(own)
      assert.ok((await backup(optionsOf(who), [folders[who]], [own])).ok)
    }
    await backUp('anna', folders.anna)
    await backUp('ben', folders.ben)
    assert.deepEqual(fs.readdirSync(below('Photos')).sort(), ['2026', '2026 (2)'])
    assert.equal(fs.readFileSync(below('Photos', '2026', 'IMG_1.CR3')).length, 4000)
    await bothAreClean()
  })

  it('at the same moment, both are whole', async () => {
    const shoots = {
      anna: shoot('anna', 'Wedding', { 'A_1.CR3': 40_000, 'A_2.CR3': 3000 }),
      ben: shoot('ben', 'Trip', { 'B_1.CR3': 40_000, 'B_2.CR3': 2000 }, 2),
    }
    await backUp('anna', shoots.anna)
    for (const round of [3, 4, 5]) {
      for (const who of ['anna', 'ben'] as const) makeTree(shoots[who], { [`${who}_${round}.CR3`]: 9000 }, round)
      await Promise.all([backUp('anna', shoots.anna), backUp('ben', shoots.ben)])
      const checks = await Promise.all([check('anna'), check('ben')])
      for (const each of checks) assert.deepEqual(named(each.findings), [], each.summary)
    }
    await bothAreClean()
  })

  it('one folder of originals that both back up loses no line of its manifest', async () => {
    const shared = shoot('anna', 'Shared', { 'IMG_1.CR3': 4000 })
    await backUp('anna', shared)
    await backUp('ben', shared)
    makeTree(shared, { 'IMG_2.CR3': 3000 }, 2)
    await backUp('ben', shared)
    makeTree(shared, { 'IMG_3.CR3': 3000 }, 3)
    await backUp('anna', shared)
    const lines = fs
      .readFileSync(below('Photos', 'Shared', 'safelight.b3'), 'utf8')
      .trim()
      .split('\n')
    assert.deepEqual(
      lines.map((line) => line.slice(66)),
      ['IMG_1.CR3', 'IMG_2.CR3', 'IMG_3.CR3'],
    )
    await bothAreClean()
  })

  it('one folder of originals that is edited while both back it up keeps every content, and both find it whole', async () => {
    const shared = shoot('anna', 'Shared', { 'IMG_1.CR3': 4000, 'IMG_1.xmp': 'edit 0' })
    const xmp = path.join(shared, 'IMG_1.xmp')
    await backUp('anna', shared)
    await backUp('ben', shared)
    const contents = new Set([hashOf(xmp)])
    for (let round = 1; round <= 8; round++) {
      fs.writeFileSync(xmp, `edit ${round}`)
      contents.add(hashOf(xmp))
      await Promise.all([backUp('anna', shared), backUp('ben', shared)])
      const lying = [...readTree(below('Photos', 'Shared'))].filter(([name]) => name.endsWith('IMG_1.xmp'))
      assert.deepEqual(new Set(lying.map(([, { hash }]) => hash)), contents, `round ${round}`)
      assert.equal(hashOf(below('Photos', 'Shared', 'IMG_1.xmp')), hashOf(xmp))
    }
    await backUp('anna', shared)
    await backUp('ben', shared)
    await bothAreClean()
  })

  it('the drive may go at any moment of a backup and of a check: that is said, and the next one goes on', async () => {
    const shared = shoot('anna', 'Shared', { 'IMG_1.CR3': 4000, 'IMG_1.xmp': 'edit 0' })
    await backUp('anna', shared)
    await backUp('ben', shoot('ben', 'Trip', { 'B_1.CR3': 4000 }, 2))
    await backUp('anna', shared)
    fs.writeFileSync(path.join(shared, 'IMG_1.xmp'), 'edit 1')
    const kept = [nas(), optionsOf('anna').home, optionsOf('ben').home]
    const [away, before] = [path.join(root, 'away'), path.join(root, 'before')]
    for (const each of kept) fs.cpSync(each, path.join(before, path.basename(each)), { recursive: true })
    const backUpAndCheck = async (faults: FaultSet): Promise<number> => {
      const { exitCode } = await backup({ ...optionsOf('anna'), faults }, [shared], [nas()])
      return exitCode === 0 ? (await verify({ ...optionsOf('anna'), faults })).exitCode : exitCode
    }
    for (let after = 0; ; after += EVERY) {
      const on = Object.keys(systemFiles) as Method[]
      const faults = new FaultSet([{ on, path: nas(), after, act: { moveAway: nas(), to: away } }])
      const exit = await backUpAndCheck(faults).catch((error: unknown) =>
        error instanceof SafelightError ? error.exitCode : assert.fail(error as Error),
      )
      if (faults.hits(0) === 0) break
      assert.ok(exit === 0 || (exit >= 20 && exit < 30), `exit code ${exit} when it goes before call ${after}`)
      fs.renameSync(away, nas())
      await backUp('anna', shared)
      // The turn in which she was: her process lives, so Ben would give her two minutes.
      fs.rmSync(below(TURN_FILE), { force: true })
      await backUp('ben', path.join(root, 'ben disk', 'Trip'))
      await bothAreClean()
      for (const each of kept) {
        fs.rmSync(each, { recursive: true })
        fs.cpSync(path.join(before, path.basename(each)), each, { recursive: true })
      }
    }
  })

  it('a seal in which one was interrupted is finished by the other, whose check finds nothing wrong', async () => {
    const wedding = shoot('anna', 'Wedding', { 'A_1.CR3': 4000 })
    await backUp('anna', wedding)
    await backUp('ben', shoot('ben', 'Trip', { 'B_1.CR3': 4000 }, 2))
    await backUp('anna', wedding)
    makeTree(wedding, { 'A_2.CR3': 3000 }, 2)
    await interrupted(wedding, { on: 'write', name: 'chain.jsonl', act: { fail: 'EIO' } })
    assert.deepEqual(await findings('ben'), [])
    assert.deepEqual(await findings('anna'), [])
    await backUp('anna', wedding)
    await bothAreClean()
  })

  it('a removed generation, a removed line and an altered log are found by whoever knew them', async () => {
    const wedding = shoot('anna', 'Wedding', { 'A_1.CR3': 4000, 'A_2.CR3': 3000 })
    await backUp('anna', wedding)
    await backUp('ben', shoot('ben', 'Trip', { 'B_1.CR3': 4000 }, 2))
    await bothAreClean()
    const chain = fs.readFileSync(below('chain.jsonl'), 'utf8')
    fs.writeFileSync(below('chain.jsonl'), chain.split('\n').slice(0, 1).join('\n') + '\n')
    for (const who of ['anna', 'ben'] as const)
      assert.match((await findings(who)).join('\n'), /manifest NAS \/chain\.jsonl/, who)
    fs.writeFileSync(below('chain.jsonl'), chain)
    await bothAreClean()

    const manifest = below('Photos', 'Wedding', 'safelight.b3')
    const text = fs.readFileSync(manifest, 'utf8')
    fs.writeFileSync(manifest, text.split('\n').slice(1).join('\n'))
    for (const who of ['anna', 'ben'] as const)
      assert.deepEqual(await findings(who), ['manifest NAS Wedding/safelight.b3'], who)
    fs.writeFileSync(manifest, text)

    const log = below('Photos', 'Wedding', 'safelight-log.jsonl')
    fs.writeFileSync(log, fs.readFileSync(log, 'utf8').replace('"copied"', '"failed"'))
    for (const who of ['anna', 'ben'] as const)
      assert.ok((await findings(who)).includes('manifest NAS Wedding/safelight-log.jsonl'), who)
  })

  it('a generation that another computer is said to have sealed without a line that was there is found, and the line comes back', async () => {
    const wedding = shoot('anna', 'Wedding', { 'A_1.CR3': 4000, 'A_2.CR3': 3000 })
    await backUp('anna', wedding)
    await backUp('ben', shoot('ben', 'Trip', { 'B_1.CR3': 4000 }, 2))
    assert.deepEqual(await findings('ben'), [])
    forgeWithout('Wedding', 'A_2.CR3')
    const found = await check('ben')
    assert.match(found.findings.map(({ message }) => message).join('\n'), /does not list A_2\.CR3 any more/)
    await backUp('ben', path.join(root, 'ben disk', 'Trip'))
    assert.match(fs.readFileSync(below('Photos', 'Wedding', 'safelight.b3'), 'utf8'), /A_2\.CR3/)
  })

  it('what lies there and nobody wrote down is an extra to both, as before', async () => {
    await backUp('anna', shoot('anna', 'Wedding', { 'A_1.CR3': 4000 }))
    await backUp('ben', shoot('ben', 'Trip', { 'B_1.CR3': 4000 }, 2))
    fs.writeFileSync(below('Photos', 'Wedding', 'stray.txt'), 'stray')
    for (const who of ['anna', 'ben'] as const)
      assert.deepEqual(await findings(who), ['extra NAS Wedding/stray.txt'], who)
  })

  /** A generation as Safelight seals it, but for a line that is left out. */
  function forgeWithout(name: string, file: string): void {
    const engine = chooseHashEngine()
    const [manifest, log] = [below('Photos', name, 'safelight.b3'), below('Photos', name, 'safelight-log.jsonl')]
    const lines = fs
      .readFileSync(manifest, 'utf8')
      .split('\n')
      .filter((line) => !line.endsWith(file))
    fs.writeFileSync(manifest, lines.join('\n'))
    const at = new Date().toISOString()
    const chain = readChain(systemFiles, below(), engine)
    const generation = (chain.lines.findLast(({ folder }) => folder === name)?.generation ?? 0) + 1
    const sealed = { generation, files: lines.length - 1, manifestHash: hashOf(manifest) }
    fs.appendFileSync(log, `${JSON.stringify({ event: 'sealed', at, ...sealed })}\n`)
    const logBytes = fs.statSync(log).size
    const { texts } = linkLines(chain, [{ at, folder: name, ...sealed, logBytes, logHash: hashOf(log) }], engine)
    appendToChain(systemFiles, below(), chain, texts)
  }

  /** Anna's backup, with what happens to her drive in the middle of it. */
  async function interrupted(folder: string, fault: Fault): Promise<void> {
    const faults = new FaultSet([fault])
    const result = await backup({ ...optionsOf('anna'), faults }, [folder], [nas()])
    assert.equal(result.ok, false)
    faults.assertAllHit()
  }
})
