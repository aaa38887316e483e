// What a restore is about: which shoots, which of their files, which content of each, and the plan for one shoot after another, so that a
// library of any size is never in memory at once.
import path from 'node:path'
import { SafelightError, systemCode } from '../errors.js'
import { chooseShoots } from '../engine/verify.js'
import type { DurableFiles, EntryStat } from '../files/durable.js'
import { obstacleBelow } from '../files/inside.js'
import { clearLeftovers } from '../files/temporary.js'
import { historyOfShoot } from '../journal/history.js'
import type { Journal } from '../journal/journal.js'
import { temporaryTag } from '../journal/meta.js'
import { listPlaces } from '../journal/places.js'
import { listShoots, type ShootRow } from '../journal/shoots.js'
import { isSafeRelativePath } from '../manifest/manifest.js'
import { isColdClass } from '../offsite/storage-class.js'
import type { OpenPlace } from '../place/places.js'
import type { OpenBucket } from './bucket.js'
import { chooseContent, chooseNames, endOfDay, type PlaceFacts, type Wanted } from './plan.js'
import type { Params } from '../../shared/methods.js'

export interface Selection {
  readonly shoots: readonly ShootRow[]
  /** By shoot id, the names asked for; whole shoots when left out. */
  readonly names?: ReadonlyMap<number, ReadonlySet<string>>
  readonly asOfMs?: number
  /** As it was asked for. */
  readonly title: string
}

/** @throws USAGE, SHOOT_UNKNOWN, FILE_UNKNOWN */
export function select(journal: Journal, { shoot, files, all, asOf }: Params<'restore/run'>): Selection {
  if ((shoot === undefined) === (all !== true)) throw usage('Say which shoot is to be restored, or --all.')
  if (all === true && files !== undefined && files.length > 0) throw usage('With --all no single files are named.')
  const asOfMs = asOf === undefined ? undefined : endOfDay(asOf)
  if (asOf !== undefined && asOfMs === undefined) throw usage(`"${asOf}" is no date. Write it as 2026-11-23.`)
  const shoots = chooseShoots(listShoots(journal), shoot === undefined ? [] : [shoot])
  const title = shoot?.replace(/\/+$/, '') ?? 'everything'
  const names = files === undefined || files.length === 0 ? undefined : chooseFiles(journal, shoots, title, files)
  return {
    shoots: names ? shoots.filter((row) => names.has(row.id)) : shoots,
    ...(names ? { names } : {}),
    ...(asOfMs === undefined ? {} : { asOfMs }),
    title,
  }
}

function usage(message: string): SafelightError {
  return new SafelightError('USAGE', { message, remedy: 'See: safelight restore --help' })
}

/** @param files  names in the shoot, or paths below it with `/` */
function chooseFiles(
  journal: Journal,
  shoots: readonly ShootRow[],
  title: string,
  files: readonly string[],
): Map<number, Set<string>> {
  const byKey = new Map(shoots.map((row) => [row.key, row]))
  const chosen = new Map<number, Set<string>>()
  const known = new Map<number, Set<string>>()
  for (const file of files) {
    const full = `${title}/${file}`
    const slash = full.lastIndexOf('/')
    const row = byKey.get(full.slice(0, slash))
    const name = full.slice(slash + 1)
    if (row && !known.has(row.id)) known.set(row.id, new Set(historyOfShoot(journal, row.id).map((each) => each.name)))
    if (!row || known.get(row.id)?.has(name) !== true)
      throw new SafelightError('FILE_UNKNOWN', {
        message: `No file "${file}" is known in the shoot "${title}". Nothing was restored.`,
        remedy: 'Write the name as it is in the shoot, with its folder where it lies in one below.',
      })
    chosen.set(row.id, (chosen.get(row.id) ?? new Set<string>()).add(name))
  }
  return chosen
}

/** What comes back of one shoot. @returns also how many of its files were not known yet at the date asked for */
export function wantedOf(
  journal: Journal,
  selection: Selection,
  shoot: ShootRow,
): { wanted: Wanted[]; notYet: number } {
  const history = historyOfShoot(journal, shoot.id)
  const names = chooseNames(
    history.map((file) => file.name),
    selection.names?.get(shoot.id),
  )
  const chosen = history.filter((file) => names.has(file.name))
  const wanted = chosen.flatMap((file) => {
    const content = chooseContent(file, selection.asOfMs)
    return content ? [{ ...content, isAsked: names.get(file.name) === true }] : []
  })
  return { wanted, notYet: chosen.length - wanted.length }
}

export interface LookDeps {
  readonly files: DurableFiles
  readonly journal: Journal
}

/** What lies in a target folder under the names that are to come back.
 *  @throws NAME_NOT_STORABLE when something on the way there is a link or a file */
export function lookAtTarget(
  { files }: LookDeps,
  base: string,
  folder: string,
  wanted: readonly Wanted[],
): Map<string, EntryStat> {
  const found = new Map<string, EntryStat>()
  try {
    const obstacle = obstacleBelow(files, base, folder)
    if (obstacle !== undefined) throw inTheWay(folder, `${obstacle} is a link or a file where a folder is needed`)
    if (files.stat(folder) === undefined) return found
    for (const { name } of wanted) {
      const stat =
        isSafeRelativePath(name) && !name.includes('/') ? statIfStorable(files, path.join(folder, name)) : undefined
      if (stat) found.set(name, stat)
    }
    return found
  } catch (error) {
    if (error instanceof SafelightError || systemCode(error) === '') throw error
    throw inTheWay(folder, systemCode(error))
  }
}

/** A name that this file system cannot even look for is not there. */
function statIfStorable(files: DurableFiles, file: string): EntryStat | undefined {
  try {
    return files.stat(file)
  } catch (error) {
    if (systemCode(error) === 'ENAMETOOLONG') return undefined
    throw error
  }
}

function inTheWay(folder: string, why: string): SafelightError {
  return new SafelightError('NAME_NOT_STORABLE', {
    message: `Nothing can be restored to ${folder.length > 500 ? `${folder.slice(0, 500)}…` : folder}: ${why}. Links are not followed, because they could lead anywhere.`,
    remedy: 'Take it out of the way, or restore to another folder with --to DIR.',
  })
}

/** Takes away what an interrupted restore of this home left in a folder: it was never complete, and never had a name of its own. */
export function clearBelow({ files, journal }: LookDeps, base: string, folder: string): void {
  if (obstacleBelow(files, base, folder) !== undefined || files.stat(folder)?.kind !== 'folder') return
  clearLeftovers(files, folder, temporaryTag(journal))
}

/** File systems that are reached over a network. */
const NETWORK = /^(nfs|cifs|smb|afp|webdav|davfs|fuse\.(sshfs|rclone))/i

/** Every known place, and which of them are open now.
 *  @param only  the place that the user wants to restore from */
export function placeFacts(
  journal: Journal,
  open: readonly OpenPlace[],
  buckets: readonly OpenBucket[] = [],
  only?: string,
): Map<string, PlaceFacts> {
  const facts = new Map<string, PlaceFacts>()
  for (const { id } of listPlaces(journal)) {
    const place = open.find((each) => each.id === id)
    const bucket = buckets.find((each) => each.id === id)
    const isChosen = only === undefined || only === id
    if (isChosen)
      facts.set(id, {
        id,
        isHere: place !== undefined || bucket !== undefined,
        distance: bucket
          ? isColdClass(bucket.storageClass)
            ? 3
            : 2
          : place && NETWORK.test(place.volume.fileSystem)
            ? 1
            : 0,
      })
  }
  return facts
}
