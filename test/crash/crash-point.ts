// One crash point: a world as it was before the run, a run that is killed before one call of the durable surface, and what must be true
// then (docs/design.md, invariants), what the next run must do, and what must be true for good after that.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Journal } from '../../helper/journal/journal.js'
import { parseManifest } from '../../helper/manifest/manifest.js'
import { backup, verify } from '../support/daemon.js'
import { checkManifests, hashOf, manifestFolders, readTree, temporariesBelow, type Found } from '../support/shoots.js'
import { optionsFor, photos, worldAt, type Scenario, type World } from './scenarios.js'

/** A scenario's world on the disk, and its state before the run, to which it can be set back. */
export interface Stage {
  readonly scenario: Scenario
  readonly world: World
  readonly base: string
  readonly original: ReadonlyMap<string, Found>
  /** What lay at each drive before the run. */
  readonly drivesBefore: readonly ReadonlyMap<string, Found>[]
}

export async function setStage(folder: string, scenario: Scenario): Promise<Stage> {
  const world = worldAt(path.join(folder, 'world'))
  fs.mkdirSync(world.root, { recursive: true })
  await scenario.prepare(world)
  const base = path.join(folder, 'base')
  copyTree(world.root, base)
  return {
    scenario,
    world,
    base,
    original: readTree(world.source),
    drivesBefore: world.drives.map((drive) => readTree(photos(drive))),
  }
}

/** The same paths, bytes and times as before the run. */
function reset({ world, base }: Stage): void {
  fs.rmSync(world.root, { recursive: true })
  copyTree(base, world.root)
}

function copyTree(from: string, to: string): void {
  fs.cpSync(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
}

export interface RunEnd {
  /** Calls of the surface in all threads; undefined when it was killed. */
  readonly calls?: number
  readonly exitCode?: number
  readonly wasKilled: boolean
}

const PROGRAM = fileURLToPath(new URL('./one-run.js', import.meta.url))

export function runOnce({ world, scenario }: Stage, killAt: number, trace?: string): Promise<RunEnd> {
  const args = [PROGRAM, world.root, scenario.name, String(killAt), ...(trace === undefined ? [] : [trace])]
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, args, { encoding: 'utf8' }, (error, stdout, stderr) => {
      if (child.signalCode === 'SIGKILL') resolve({ wasKilled: true })
      else if (error) reject(new Error(`the run broke instead of being killed: ${stderr}${stdout}`, { cause: error }))
      else resolve({ wasKilled: false, ...(JSON.parse(stdout) as { calls: number; exitCode: number }) })
    })
  })
}

/** How many calls the run of this scenario makes when nothing stops it. */
export async function countCalls(stage: Stage): Promise<number> {
  reset(stage)
  const { calls, exitCode } = await runOnce(stage, 0)
  assertExit(stage, exitCode ?? -1)
  await mustBeDone(stage)
  assert.ok(calls !== undefined && calls > 50, 'the run makes its calls through the surface')
  return calls
}

/** Kills the run before call `killAt`, and demands all that is promised.
 *  @returns whether it was killed: threads do not take turns the same way twice, so the last points may not come */
export async function crashAt(stage: Stage, killAt: number): Promise<boolean> {
  reset(stage)
  const { wasKilled } = await runOnce(stage, killAt)
  try {
    if (wasKilled) mustHoldAfterKill(stage)
    await mustFinish(stage, copiesInPlace(stage))
    await mustBeDone(stage)
  } catch (error) {
    throw new Error(`killed before call ${killAt} of ${stage.scenario.name}: ${String(error)}`, { cause: error })
  }
  return wasKilled
}

// ── right after the kill ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** @param mayWriteOriginals  the run was a restore to where the originals were */
export function mustHoldAfterKill(stage: Stage, mayWriteOriginals = false): void {
  if (mayWriteOriginals) assertOriginalsWhole(stage)
  else assertSourceUntouched(stage)
  stage.world.drives.forEach((drive, index) => {
    const before = stage.drivesBefore[index] ?? new Map<string, Found>()
    const now = readTree(photos(drive))
    assertFinalNamesWhole(stage, before, now)
    assertNothingLost(before, now)
    assertManifestsTrue(drive, before, now)
  })
  assertJournalNotAhead(stage)
}

function assertSourceUntouched({ world, original }: Stage): void {
  assert.deepEqual([...readTree(world.source)], [...original], 'the originals are as they were')
}

/** What has an original's name is that original, whole, and none that was there has gone. */
function assertOriginalsWhole({ world, base, original }: Stage): void {
  const now = readTree(world.source)
  for (const file of readTree(path.join(base, path.relative(world.root, world.source))).keys())
    assert.ok(now.has(file), `${file} is still there`)
  for (const [file, { hash }] of now)
    if (!isOwn(file)) assert.equal(hash, original.get(file)?.hash, `${file} is restored whole, or not there`)
}

export const isOwn = (file: string): boolean =>
  /(^|\/)(safelight\.b3|safelight-log\.jsonl|\.safelight-[^/]*\.tmp)$/.test(file)

/** `selects/Versions/2024…/a.xmp` → `selects/a.xmp` */
function nameOf(file: string): string {
  return file.replace(/(^|\/)(Versions|Quarantine)\/[^/]+\//, '$1')
}

function assertFinalNamesWhole(
  { original }: Stage,
  before: ReadonlyMap<string, Found>,
  now: ReadonlyMap<string, Found>,
): void {
  for (const [file, { hash }] of now) {
    if (isOwn(file)) continue
    const allowed = [...before].filter(([earlier]) => nameOf(earlier) === nameOf(file)).map(([, found]) => found.hash)
    const current = original.get(nameOf(file))
    if (current) allowed.push(current.hash)
    assert.ok(allowed.includes(hash), `${file} holds whole and right bytes, or has not this name`)
  }
}

function assertNothingLost(before: ReadonlyMap<string, Found>, now: ReadonlyMap<string, Found>): void {
  for (const [file, { hash }] of before)
    if (!isOwn(file)) assert.ok(holds(now, nameOf(file), hash), `the earlier content of ${file} still exists`)
}

function holds(tree: ReadonlyMap<string, Found>, name: string, hash: string): boolean {
  return [...tree].some(([file, found]) => nameOf(file) === name && found.hash === hash)
}

function assertManifestsTrue(drive: string, before: ReadonlyMap<string, Found>, now: ReadonlyMap<string, Found>): void {
  const root = photos(drive)
  for (const folder of manifestFolders(root)) {
    const { entries, badLines } = parseManifest(fs.readFileSync(path.join(folder, 'safelight.b3'), 'utf8'))
    assert.deepEqual(badLines, [], 'a manifest is whole')
    const shoot = path.relative(root, folder)
    for (const { path: file, hash } of entries) {
      const name = nameOf(path.posix.join(shoot, file))
      // A copy that was damaged or lost before the run stays listed until it is replaced.
      const wasBad = before.has(path.posix.join(shoot, 'safelight.b3')) && !holds(before, name, hash)
      assert.ok(wasBad || holds(now, name, hash), `what the manifest says of ${file} exists`)
    }
  }
}

/** Every copy that the journal calls verified or written is on its drive, with its bytes. */
function assertJournalNotAhead({ world, drivesBefore }: Stage): void {
  if (!fs.existsSync(path.join(world.home, 'journal.sqlite'))) return
  const journal = Journal.open(world.home)
  try {
    const rows = journal.all(
      `SELECT c.path, c.state, v.hash, s.path_from_root, p.path AS drive FROM copies c JOIN versions v ON v.id = c.version_id
         JOIN files f ON f.id = v.file_id JOIN shoots s ON s.id = f.shoot_id JOIN places p ON p.id = c.place_id
       WHERE c.state IN ('verified', 'written')`,
    )
    for (const row of rows) {
      const drive = String(row['drive'])
      const file = path.posix.join(String(row['path_from_root']), String(row['path']))
      const at = path.join(photos(drive), file)
      if (fs.existsSync(at) && hashOf(at) === row['hash']) continue
      // Moved to Versions/ and not written down yet: it is there still, and the next run looks for it. Or it was bad before the run.
      const before = drivesBefore[world.drives.indexOf(drive)]
      const wasBad = before?.get(file)?.hash !== row['hash']
      assert.ok(
        wasBad || holds(readTree(photos(drive)), nameOf(file), String(row['hash'])),
        `the journal says that ${file} is ${String(row['state'])} at ${drive}`,
      )
    }
  } finally {
    journal.close()
  }
}

// ── the next run ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Originals whose content already has its final name on every drive: these must not be sent again. */
export function copiesInPlace({ world, original }: Stage): number {
  const trees = world.drives.map((drive) => readTree(photos(drive)))
  return [...original].filter(([file, { hash }]) => trees.every((tree) => tree.get(file)?.hash === hash)).length
}

export async function mustFinish(stage: Stage, inPlace: number): Promise<void> {
  const { world, original } = stage
  const result = await backup(optionsFor(world), [world.source], world.drives)
  assertExit(stage, result.exitCode, result.summary)
  assert.ok(
    result.filesCopied <= original.size - inPlace,
    `${result.filesCopied} files were sent again though ${inPlace} of ${original.size} were in place`,
  )
}

function assertExit({ scenario }: Stage, exitCode: number, summary = ''): void {
  assert.ok((scenario.exits ?? [0]).includes(exitCode), `exit code ${exitCode}: ${summary}`)
}

// ── for good ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

export async function mustBeDone(stage: Stage): Promise<void> {
  const { world, original, drivesBefore } = stage
  assertSourceUntouched(stage)
  for (const [index, drive] of world.drives.entries()) {
    const now = readTree(photos(drive))
    for (const [file, { hash, mtimeMs }] of original) {
      assert.equal(now.get(file)?.hash, hash, `${file} is on ${drive}`)
      assert.equal(now.get(file)?.mtimeMs, mtimeMs, `${file} keeps its date on ${drive}`)
    }
    assertNothingLost(drivesBefore[index] ?? new Map<string, Found>(), now)
    assert.deepEqual(checkManifests(drive), [], 'b3sum --check passes')
    const listed = new Set(listedBelow(photos(drive)))
    for (const file of now.keys())
      if (!isOwn(file) && !file.includes('Quarantine/')) assert.ok(listed.has(file), `${file} is in the manifest`)
    assert.deepEqual(temporariesBelow(drive), [], 'no temporary file is left')
  }
  const checked = await verify(optionsFor(world))
  assert.deepEqual(checked.findings, [], 'verify finds nothing')
  assert.equal(checked.exitCode, 0, checked.summary)
  const again = await backup(optionsFor(world), [world.source], world.drives)
  assert.deepEqual(
    [again.exitCode, again.filesCopied, again.filesAdopted, again.findings],
    [0, 0, 0, []],
    'a further run has nothing to do',
  )
}

function listedBelow(root: string): string[] {
  return manifestFolders(root).flatMap((folder) =>
    parseManifest(fs.readFileSync(path.join(folder, 'safelight.b3'), 'utf8')).entries.map((entry) =>
      path.posix.join(path.relative(root, folder), entry.path),
    ),
  )
}
