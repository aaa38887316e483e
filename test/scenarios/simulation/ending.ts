// The end of a history: no more faults, every drive in its socket, the bucket within reach. By the ordinary round alone (backup, verify, heal,
// the helper's look after the bucket, Lightroom's quitting) everything must come right at every place, and a further round has nothing to do.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { parseManifest } from '../../../helper/manifest/manifest.js'
import { temporariesBelow } from '../../support/shoots.js'
import type { Engine } from './engine.js'
import { nameOf } from './judge.js'
import type { Step, Steps } from './steps.js'
import { isRecord, type Drive, type Lying, type World } from './world.js'

const DAY_MS = 86_400_000
/** A slice that is read back holds at least one object; so many days bring every object of a history's round. */
const MOST_SLICES = 150

type Take = (step: Omit<Step, 'weight'>) => Promise<void>

export async function comeRight(world: World, engine: Engine, steps: Steps, take: Take): Promise<void> {
  world.surface.plan(undefined)
  for (const drive of world.drives) {
    world.plug(drive)
    mendMarker(world, drive)
  }
  world.clockMs = Math.max(world.clockMs, Date.UTC(2030, 0, 1))
  world.cloud.mendMarkers()
  // Where another drive is known in this socket, the message says: take this one as a further place.
  for (const drive of world.drives)
    await take({
      what: `at the end: ${drive.name} is added`,
      act: () => engine.ask('place/add', { path: drive.socket }),
    })
  const verify = () => engine.ask('verify/run', { shoots: [], all: true })
  const heal = () => engine.ask('heal/run', { shoots: [], originals: true })
  // A journal that is found to be damaged on the way is made again, and the bucket has to be named once more.
  for (let time = 1; steps.has.bucket && time <= 2; time++)
    await take({ what: 'at the end: the bucket is added', act: () => steps.addBucket() })
  if (engine.owesBucket)
    await take({ what: 'at the end: the bucket is asked what it knows', act: () => engine.rebuildFromBucket() })
  if (steps.has.plugin)
    await take({ what: 'at the end: Lightroom tells what was lost', act: () => steps.settleLightroom() })
  if (steps.has.catalog) await take({ what: 'at the end: Lightroom quits', act: () => steps.quitLightroom() })
  for (let round = 1; round <= 3; round++) {
    await take({ what: 'at the end: backup', act: () => steps.backUp(false) })
    await take({ what: 'at the end: verify', act: verify })
    await take({ what: 'at the end: heal', act: heal, mayRestore: true })
    if (!steps.has.bucket) continue
    // A month later, when the bucket is compared again.
    world.clockMs += 30 * DAY_MS
    await take({ what: 'at the end: the helper looks after the bucket', act: () => engine.lookAfterBucket() })
  }
  if (world.cloud.rotten > 0) {
    await take({ what: 'at the end: a year goes by', act: () => aYear(world, engine) })
    await take({ what: 'at the end: verify', act: verify })
  }
  engine.diary.push('at the end: is everything right?')
  await mustBeRight(world, engine, steps)
}

/** Rot that the store knows nothing of is found by reading back, a slice a day, and sent again at the next look. */
async function aYear(world: World, engine: Engine): Promise<string> {
  const said = new Set<string>()
  for (let day = 0; day < MOST_SLICES; day++) {
    world.clockMs += DAY_MS
    said.add(await engine.lookAfterBucket())
  }
  world.clockMs += 365 * DAY_MS
  said.add(await engine.lookAfterBucket())
  return [...said].join(' · ')
}

/** A marker that cannot be read is put back by the photographer, as the message says. */
function mendMarker(world: World, drive: Drive): void {
  const marker = path.join(drive.socket, 'Safelight', 'place.json')
  const text = world.markers.get(drive)
  if (text !== undefined && fs.existsSync(path.dirname(marker))) fs.writeFileSync(marker, text)
}

async function mustBeRight(world: World, engine: Engine, { has }: Steps): Promise<void> {
  for (const drive of world.drives) {
    const lying = world.lyingAt(drive)
    mustHoldOriginals(world, drive.name, lying)
    // Those of a home that is lost go where its successor is at work; in the folders of shoots that are gone they stay.
    if (!engine.hasLostHome) assert.deepEqual(temporariesBelow(drive.socket), [], 'no temporary file is left')
    if (!world.spoiled.has(drive.name)) {
      const read = (file: string): string => fs.readFileSync(path.join(drive.socket, 'Safelight', file), 'utf8')
      mustBeTrueManifests(world, drive.name, lying, read)
    }
  }
  if (has.bucket) {
    await mustBeRightInBucket(world, engine)
    await mustBeProtected(world, engine)
  }
  const last = await engine.call('verify/run', { shoots: [], all: true })
  const bad = last.findings.filter(
    ({ kind, place, shoot, file, message }) =>
      !(kind === 'manifest' && world.spoiled.has(place)) &&
      // Killed before it was written down, and the original deleted: nobody can say what it is, and that is said.
      !(kind === 'extra' && !world.originals.has(`${shoot}/${file}`.split('/').slice(1).join('/'))) &&
      isWithin(world, `${shoot}/${file}`.split('/').slice(1).join('/'), message),
  )
  assert.deepEqual(bad, [], 'nothing is found that could have been mended')
  const again = await engine.call('backup/run', {
    paths: [world.library],
    to: world.drives.map(({ socket }) => socket),
  })
  assert.equal(again.filesCopied, 0, `a further run has nothing to do: ${again.summary}`)
}

/** With three drives and a bucket nothing is missing: every shoot of which all is good is called protected. One from which an original was
 *  deleted before any place had its last content may say so of that file, and of no other. */
async function mustBeProtected(world: World, engine: Engine): Promise<void> {
  const { shoots } = await engine.call('shoots/list', {})
  const notGreen: string[] = []
  for (const { id, verdict } of shoots.filter(({ verdict }) => verdict !== 'protected')) {
    const open = await unprotectedIn(world, engine, id)
    if (open.lost === 0 || open.names.length > 0) notGreen.push(`${id}: ${verdict} ${open.names.join(', ')}`)
  }
  const isAllGood = [...world.originals.values()].every(({ isRotten }) => !isRotten)
  if (isAllGood) assert.deepEqual(notGreen, [], 'everything is protected')
}

/** @returns the files that are not called protected and could be, and of how many the last content is nowhere under that name */
async function unprotectedIn(
  { originals, contents }: World,
  engine: Engine,
  shoot: string,
): Promise<{ readonly names: readonly string[]; readonly lost: number }> {
  const names: string[] = []
  let lost = 0
  for (const relative of contents.keys()) {
    if (path.posix.dirname(relative) !== shoot.split('/').slice(1).join('/')) continue
    const file = path.posix.basename(relative)
    const { verdict, versions, summary, movedTo } = await engine.call('file/story', { shoot, file })
    // What was renamed is counted under its new name.
    if (verdict === 'protected' || movedTo !== undefined) continue
    const isAnywhere = versions[0]?.copies.some(({ place, state }) => place !== 'working' && state !== 'planned')
    if (originals.has(relative) || isAnywhere === true) names.push(`${relative} (${summary})`)
    else lost += 1
  }
  return { names, lost }
}

async function mustBeRightInBucket(world: World, engine: Engine): Promise<void> {
  const { cloud } = world
  const { places } = await engine.call('place/list', {})
  const bucket = places.find(({ kind }) => kind === 'bucket')
  assert.ok(bucket?.bucket, 'the bucket is a place')
  assert.equal(bucket.bucket.waitingFiles, 0, `nothing waits to be sent: ${bucket.bucket.trouble ?? ''}`)
  const machine = bucket.bucket.folder
  const lying = cloud.trees().get(machine) ?? new Map<string, string>()
  mustHoldOriginals(world, 'the bucket', lying)
  if (!cloud.spoiled.has(machine)) mustBeTrueManifests(world, machine, lying, (file) => cloud.read(machine, file))
  assert.equal(cloud.openUploads(), 0, 'no upload is left open')
}

function mustHoldOriginals(world: World, where: string, lying: Lying): void {
  for (const [relative, { hash, isRotten }] of world.originals) {
    const label = `${relative} at ${where}`
    if (isRotten) {
      assert.ok(!isAnywhere(world, relative, hash), `the original of ${label} is healed from a good copy`)
      continue
    }
    const finals = [...lying].filter(
      ([file]) =>
        /^Photos\/[^/]+\//.test(file) && nameOf(file) === file && file.split('/').slice(2).join('/') === relative,
    )
    assert.ok(
      finals.some(([, each]) => each === hash),
      `${label} is there under its name`,
    )
  }
}

/** Every line of each manifest is true, unless the only copies of that content were destroyed. */
function mustBeTrueManifests(world: World, where: string, lying: Lying, read: (file: string) => string): void {
  for (const file of [...lying.keys()].filter((each) => each.endsWith('/safelight.b3'))) {
    const { entries, badLines } = parseManifest(read(file))
    assert.deepEqual(badLines, [])
    for (const { path: relative, hash } of entries) {
      const at = path.posix.join(path.posix.dirname(file), relative)
      const original = nameOf(at).split('/').slice(2).join('/')
      // An earlier content that a bucket lost is named as missing, and not sent again.
      if (relative.startsWith('Versions/') && world.isDestroyed(where, at, hash)) continue
      if (lying.get(at) !== hash)
        assert.ok(
          !isAnywhere(world, original, hash),
          `${where}: the manifest says that ${at} is ${hash.slice(0, 8)}, and it is ${lying.get(at)?.slice(0, 8) ?? 'not there'}`,
        )
    }
  }
}

/** Whether this content of this path still lies at any place, or is the original. */
function isAnywhere(world: World, relative: string, hash: string): boolean {
  const isIt = ([file, each]: readonly [string, string]): boolean =>
    each === hash &&
    !isRecord(file) &&
    !file.includes('Quarantine/') &&
    nameOf(file).split('/').slice(2).join('/') === relative
  const original = world.originals.get(relative)
  return (
    (original?.hash === hash && !original.isRotten) ||
    [...world.lying().values()].some((lying) => [...lying].some(isIt))
  )
}

/** Whether a finding is about something that a good copy of still exists: of the content that it names, where it names one. */
function isWithin(world: World, relative: string, message: string): boolean {
  const contents = world.contents.get(nameOf(relative))
  const [, named = ''] = /where ([0-9a-f]+)… was written/.exec(message) ?? []
  return (
    contents === undefined ||
    [...contents].some((hash) => hash.startsWith(named) && isAnywhere(world, nameOf(relative), hash))
  )
}
