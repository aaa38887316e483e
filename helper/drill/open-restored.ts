// The last part of a drill: some of what came back is opened, raws first, and the edits of what opened are looked for, because bytes that are
// right can still be no picture.
import fs from 'fs-extra'
import { isRaw, kindOfFile } from '../engine/file-kinds.js'
import type { EngineDeps } from '../engine/run.js'
import { stemOf } from '../files/scan.js'
import { saveOpening } from '../journal/openings.js'
import { sourceById, type ShootRow } from '../journal/shoots.js'
import { pickPath } from '../catalog/picks.js'
import type { DrillReport } from '../../shared/methods.js'
import { Opener, type OpenerOptions, type Said } from './decode.js'
import { isDng, isPlainPicture, TO_OPEN } from './plan.js'

export interface Wanted {
  readonly name: string
  readonly sizeBytes: number
  readonly versionId: number
  readonly hash: string
}

export interface OpenDeps {
  readonly engine: EngineDeps
  readonly opener?: OpenerOptions
  readonly shoot: ShootRow
  readonly find: (kind: string, file: string, message: string) => void
  /** What could not be tried is added to it, in words. */
  readonly notTried: string[]
}

export interface Restored {
  /** As they were first read. */
  readonly files: readonly Wanted[]
  /** Where each lies now, by its name. */
  readonly restored: ReadonlyMap<string, string>
  /** Pictures with develop settings, by pickPath. */
  readonly edited: ReadonlySet<string>
}

/** @returns how many of each kind opened, and for how many edits were found */
export async function openRestored(
  deps: OpenDeps,
  { files, restored, edited }: Restored,
  signal: AbortSignal,
): Promise<Omit<DrillReport['opened'], 'catalog'>> {
  const opener = new Opener(deps.opener)
  try {
    const open = (kind: string, some: readonly Wanted[], enough: number): Promise<Wanted[]> =>
      openSome(deps, opener, kind, { files: some, restored, enough }, signal)
    const raws = await open(
      'raws',
      files.filter(({ name }) => isRaw(name) || isDng(name)),
      TO_OPEN.raws,
    )
    const pictures = await open(
      'other pictures',
      files.filter(({ name }) => isPlainPicture(name)),
      TO_OPEN.pictures,
    )
    const videos = await open(
      'videos',
      files.filter(({ name }) => kindOfFile(name) === 'video'),
      TO_OPEN.videos,
    )
    const shown = raws.length > 0 ? raws : pictures
    const edits = shown.filter(({ name }) => hasEdits(deps, name, restored, edited)).length
    if (shown.length > 0 && edits === 0)
      deps.notTried.push('edits: none are in the newest catalog backup or beside the pictures')
    return { raws: raws.length, pictures: pictures.length, videos: videos.length, edits }
  } finally {
    opener.close()
  }
}

/** @returns those that opened */
async function openSome(
  deps: OpenDeps,
  opener: Opener,
  kind: string,
  {
    files,
    restored,
    enough,
  }: { readonly files: readonly Wanted[]; readonly restored: ReadonlyMap<string, string>; readonly enough: number },
  signal: AbortSignal,
): Promise<Wanted[]> {
  const opened: Wanted[] = []
  let isUnknown = false
  for (const each of files) {
    if (opened.length >= enough) break
    if (signal.aborted) {
      deps.notTried.push(`more ${kind}: time was up`)
      break
    }
    const said = await opener.open(restored.get(each.name) ?? '', signal)
    if (said.kind === 'failed' && isOver(signal)) continue
    note(deps, each, said)
    if (said.kind === 'opened') opened.push(each)
    if (said.kind === 'unknown') isUnknown = true
  }
  if (opened.length < enough && !signal.aborted)
    deps.notTried.push(
      files.length === 0
        ? `${kind}: there are none here`
        : `more ${kind}: ${isUnknown ? 'no decoder knows the others' : `there are only ${files.length}`}`,
    )
  return opened
}

function note({ engine, find }: OpenDeps, { name, versionId }: Wanted, said: Said): void {
  const { journal, clock } = engine
  if (said.kind === 'failed') {
    find(
      'unopened',
      name,
      `it came back as it was first read, and the decoder failed at it (${said.why}); look at it in Lightroom`,
    )
    return
  }
  saveOpening(journal, { versionId, result: said.kind, why: said.kind === 'opened' ? '' : said.why }, clock())
  if (said.kind === 'broken')
    find(
      'broken',
      name,
      `it came back exactly as it was first read, and cannot be opened: ${said.why}. It was already broken at import; if the card still exists, take it from there`,
    )
}

function hasEdits(
  { engine, shoot }: OpenDeps,
  name: string,
  restored: ReadonlyMap<string, string>,
  edited: ReadonlySet<string>,
): boolean {
  const { path: root } = sourceById(engine.journal, shoot.sourceId)
  if (edited.has(pickPath(`${root}/${shoot.pathFromRoot}`, name))) return true
  for (const [other, file] of restored)
    if (/\.xmp$/i.test(other) && [stemOf(name), name.toLowerCase()].includes(stemOf(other)))
      return fs.readFileSync(file, 'utf8').includes('crs:')
  return false
}

function isOver(signal: AbortSignal): boolean {
  return signal.aborted
}
