// Which places there are and whether each is really there. A drive is known by the id in its marker, never by its path: where a path that
// held a known drive now holds nothing, or another drive, nothing may be written.
import path from 'node:path'
import fs from 'fs-extra'
import { SafelightError, systemCode } from '../errors.js'
import type { DurableFiles } from '../files/durable.js'
import { syncClientOf, type Volume, type Volumes } from '../files/volumes.js'
import { WORKING } from '../model.js'
import type { Journal } from '../journal/journal.js'
import { temporaryTag } from '../journal/meta.js'
import { listPlaces, placeAtPath, placeById, savePlace, type PlaceRow } from '../journal/places.js'
import {
  MARKER_FILE,
  makePlace,
  markerIdentity,
  NAME_MAX,
  NAME_PATTERN,
  readMarker,
  renamePlace,
  ROOT_FOLDER,
  writeInstructions,
  type Marker,
} from './marker.js'
import { placeError } from './place-error.js'

export interface PlaceDeps {
  readonly files: DurableFiles
  readonly journal: Journal
  readonly volumes: Volumes
  readonly clock: () => number
  /** The user's own folder, below which sync clients keep theirs. */
  readonly userFolder: string
}

/** A drive that is there, and was when it was opened. */
export interface OpenPlace {
  readonly id: string
  readonly name: string
  /** The drive's folder. */
  readonly folder: string
  /** Its `Safelight` folder. */
  readonly root: string
  readonly markerIdentity: string
  readonly volume: Volume
  readonly syncClient?: string
  /** What keeps it from ever counting as a copy. */
  readonly uncounted?: 'card' | 'gallery'
  /** Met for the first time by this journal, though it has been in use: what lies there is still to be learned. */
  readonly isUnknownHere: boolean
}

export type PlaceState = 'here' | 'away' | 'replaced'

export interface OpenOptions {
  /** The user says that this is another drive than the one that used to be at this path. */
  readonly isNew?: boolean
  /** Only a place that already is one. */
  readonly mustExist?: boolean
  /** Only this very place: another known drive that takes turns with it at the same path is not it. */
  readonly only?: PlaceRow
  /** What to call it. */
  readonly name?: string
  /** What it is, as the user says; what it looks like does not matter then. */
  readonly role?: GivenRole
}

/** A card is formatted, a gallery is made for showing: neither is ever a copy. */
export type GivenRole = 'drive' | 'card' | 'gallery'

/** Opens the place at a folder, making it one when nothing was ever there.
 *  @throws VOLUME_AWAY, VOLUME_REPLACED, VOLUME_READ_ONLY, PLACE_INVALID, USAGE */
export async function openPlace(
  deps: PlaceDeps,
  folder: string,
  { isNew = false, mustExist = false, only, name, role: given }: OpenOptions = {},
): Promise<OpenPlace> {
  const expected = only ?? placeAtPath(deps.journal, folder)
  requireFolder(folder, expected)
  const marker = readMarker(deps.files, folder)
  if (!isNew && expected && marker?.id !== expected.id)
    refuseOther(deps, folder, expected, marker?.id, only !== undefined)
  if (mustExist && !marker) throw noPlaceThere(folder)
  if (name !== undefined) checkName(deps.journal, name, marker?.id)
  if (marker) refuseTwin(deps, folder, marker)
  const volume = await deps.volumes.describe(folder)
  const known = marker && placeById(deps.journal, marker.id)
  const opened = marker
    ? nameAnew(deps, folder, marker, name)
    : makeHere(deps, folder, name ?? nameFor(deps, folder, volume))
  // Another computer was quicker by a moment.
  if (!opened) return openPlace(deps, folder, { isNew, mustExist, ...(given === undefined ? {} : { role: given }) })
  if (marker) tryInstructions(deps, folder)
  const syncClient = syncClientOf(folder, deps.userFolder)
  const role = given ?? givenRole(known) ?? (looksLikeCard(deps.files, folder, volume) ? 'card' : undefined)
  savePlace(deps.journal, {
    id: opened.id,
    name: opened.name,
    kind: 'drive',
    path: folder,
    devices: volume.devices,
    volume: {
      fileSystem: volume.fileSystem,
      medium: volume.medium,
      ...(volume.label === undefined ? {} : { label: volume.label }),
      ...(syncClient === undefined ? {} : { syncClient }),
    },
    ...(role === undefined ? {} : { settings: { ...known?.settings, role } }),
    addedMs: known?.addedMs ?? deps.clock(),
    lastSeenMs: deps.clock(),
  })
  return {
    id: opened.id,
    name: opened.name,
    folder,
    root: path.join(folder, ROOT_FOLDER),
    markerIdentity: markerIdentity(deps.files, folder),
    volume,
    ...(syncClient === undefined ? {} : { syncClient }),
    ...(role === undefined || role === 'drive' ? {} : { uncounted: role }),
    isUnknownHere: marker !== undefined && known === undefined,
  }
}

function givenRole(known: PlaceRow | undefined): GivenRole | undefined {
  const role = known?.settings['role']
  return role === 'drive' || role === 'card' || role === 'gallery' ? role : undefined
}

/** Cameras keep their pictures in DCIM at the top of a card. A drive that looks like one is no copy until the user says what it is. */
function looksLikeCard(files: DurableFiles, folder: string, { mountPoint }: Volume): boolean {
  return [folder, mountPoint].some((top) => files.stat(path.join(top, 'DCIM'))?.kind === 'folder')
}

/** Whether a known place is where it was last seen. Reads the marker, writes nothing. */
export function stateOfPlace(files: DurableFiles, place: PlaceRow): PlaceState {
  if (place.kind === 'bucket') return 'away'
  try {
    const marker = readMarker(files, place.path)
    if (marker === undefined) return 'away'
    return marker.id === place.id ? 'here' : 'replaced'
  } catch (error) {
    if (error instanceof SafelightError || systemCode(error) !== '') return 'away'
    throw error
  }
}

/** The drive under this path is still the one that was opened. FAT and exFAT give a file a new inode number when the old one has been
 *  forgotten, so where the numbers differ, the marker's own id decides.
 *  @throws the system's error when the drive does not answer */
export function isStillThere(files: DurableFiles, place: OpenPlace): boolean {
  if (place.markerIdentity === '') return false
  const now = markerIdentity(files, place.folder)
  return now === place.markerIdentity || (now !== '' && readMarker(files, place.folder)?.id === place.id)
}

/** @throws ENODEV when it is not, and the system's error */
export function assertStillThere(files: DurableFiles, place: OpenPlace): void {
  if (!isStillThere(files, place)) throw Object.assign(new Error('the drive is no longer there'), { code: 'ENODEV' })
}

/** A known place by its name, id or path. @throws PLACE_UNKNOWN */
export function findPlace(journal: Journal, wanted: string): PlaceRow {
  const places = listPlaces(journal)
  const found =
    places.find((place) => place.id === wanted || place.name === wanted || place.path === pathOf(wanted)) ??
    places.find((place) => place.name.toLowerCase() === wanted.toLowerCase())
  if (found) return found
  const names = places.map((place) => `"${place.name}"`).join(', ')
  throw new SafelightError('PLACE_UNKNOWN', {
    message: `There is no place called "${wanted}". ${names === '' ? 'No place is known yet.' : `Known are: ${names}.`}`,
    remedy: 'Use one of these names, or add the drive with: safelight place add DIR',
  })
}

/** As places keep it: buckets without a slash at the end, folders absolute. */
function pathOf(wanted: string): string {
  return wanted.startsWith('s3://') ? wanted.replace(/\/+$/, '') : path.resolve(wanted)
}

function requireFolder(folder: string, expected: PlaceRow | undefined): void {
  const stat = fs.statSync(folder, { throwIfNoEntry: false })
  if (stat?.isDirectory()) return
  if (stat)
    throw new SafelightError('USAGE', {
      message: `${folder} is a file. Copies go into a folder on a drive.`,
      remedy: 'Name a folder on the drive.',
    })
  throw new SafelightError('VOLUME_AWAY', {
    message: expected
      ? `The drive "${expected.name}" is not at ${folder}: there is no such folder now. Nothing was written.`
      : `There is no folder ${folder}. Nothing was written.`,
    remedy: expected
      ? 'Connect the drive and run the same command again.'
      : 'Connect the drive, or make the folder first, and run the same command again.',
  })
}

function refuseOther(
  deps: PlaceDeps,
  folder: string,
  expected: PlaceRow,
  found: string | undefined,
  isOnlyThisOne: boolean,
): void {
  if (found === undefined) {
    throw new SafelightError('VOLUME_AWAY', {
      message: `The drive "${expected.name}" is not at ${folder}: the folder is there, but the drive's Safelight folder is not, as when a drive is unplugged or another is in its stead. Nothing was written.`,
      remedy: `Connect "${expected.name}" and run the same command again. If this is meant to be a new place: safelight place add "${folder}"`,
    })
  }
  const other = placeById(deps.journal, found)
  if (other && isOnlyThisOne) {
    throw new SafelightError('VOLUME_AWAY', {
      message: `The drive "${expected.name}" is not connected: at ${folder} there is "${other.name}" now.`,
      remedy: `Connect "${expected.name}" and run the same command again.`,
    })
  }
  if (other) return
  throw new SafelightError('VOLUME_REPLACED', {
    message: `At ${folder} there used to be the drive "${expected.name}"; now there is another one that this computer does not know. Nothing was written.`,
    remedy: `Connect "${expected.name}", or take this drive as a further place: safelight place add "${folder}"`,
  })
}

function noPlaceThere(folder: string): SafelightError {
  return new SafelightError('VOLUME_AWAY', {
    message: `${folder} holds no Safelight folder: it is not a drive that Safelight has copied to, or not the right one.`,
    remedy: 'Connect the right drive, and name the folder that holds the folder "Safelight".',
  })
}

/** The folder that was typed, absolute and with links resolved; one that names the `Safelight` folder itself means the folder above.
 *  @throws VOLUME_AWAY when there is none */
export function realFolder(deps: Pick<PlaceDeps, 'journal'>, typed: string): string {
  const folder = path.resolve(typed)
  requireFolder(folder, placeAtPath(deps.journal, folder))
  const real = fs.realpathSync.native(folder)
  return path.basename(real) === ROOT_FOLDER && fs.existsSync(path.join(real, MARKER_FILE)) ? path.dirname(real) : real
}

/** Gives a place another name, at the place and in the journal. It must be there. */
export async function renameOpenPlace(deps: PlaceDeps, place: PlaceRow, name: string): Promise<void> {
  checkName(deps.journal, name, place.id)
  await openPlace(deps, place.path, { only: place, name })
}

/** @returns the marker with the name that was asked for, if one was */
function nameAnew(deps: PlaceDeps, folder: string, marker: Marker, name: string | undefined): Marker {
  if (name === undefined || name === marker.name) return marker
  try {
    renamePlace(deps.files, folder, marker, name, temporaryTag(deps.journal))
    return { ...marker, name }
  } catch (error) {
    throw placeError(error, marker.name)
  }
}

/** Names that the command line uses for something else. */
const RESERVED_NAMES: ReadonlySet<string> = new Set([WORKING, 'original', 'originals'])

/** @param own  the place that may keep this name
 *  @throws USAGE when a place could not be called by this name, or another one is */
export function checkName(journal: Journal, name: string, own: string | undefined): void {
  const refuse = (message: string): never => {
    throw new SafelightError('USAGE', { message, remedy: 'Choose another name.' })
  }
  if (name.trim() === '' || name.length > NAME_MAX || !NAME_PATTERN.test(name))
    refuse(`A place's name is one line of at most ${NAME_MAX} characters.`)
  if (RESERVED_NAMES.has(name.toLowerCase())) refuse(`"${name}" is what the folder of your originals is called.`)
  if (listPlaces(journal).some((other) => other.id !== own && other.name.toLowerCase() === name.toLowerCase()))
    refuse(`Another place is already called "${name}".`)
}

/** A drive copied whole, marker and all, onto another disk: two places that could not be told apart would be counted as one, or worse, as
 *  each other. */
function refuseTwin(deps: PlaceDeps, folder: string, marker: Marker): void {
  const known = placeById(deps.journal, marker.id)
  if (!known || known.path === folder || stateOfPlace(deps.files, known) !== 'here') return
  if (markerIdentity(deps.files, folder) === markerIdentity(deps.files, known.path)) return
  throw new SafelightError('PLACE_INVALID', {
    message: `${folder} has the same identity as "${known.name}" at ${known.path}: one of the two was copied from the other. They cannot be told apart, so nothing was written.`,
    remedy: `To make ${folder} a place of its own, delete the file ${path.join(folder, ROOT_FOLDER, MARKER_FILE)} and add it again: safelight place add "${folder}"`,
  })
}

function makeHere(deps: PlaceDeps, folder: string, name: string): Marker | undefined {
  try {
    return makePlace(deps.files, folder, name, temporaryTag(deps.journal), deps.clock())
  } catch (error) {
    throw placeError(error, folder)
  }
}

/** The instructions are brought up to date where that is possible; a read-only drive keeps the ones it has. */
function tryInstructions(deps: PlaceDeps, folder: string): void {
  try {
    writeInstructions(deps.files, folder, temporaryTag(deps.journal))
  } catch (error) {
    const failure = placeError(error, folder)
    if (failure.code !== 'VOLUME_READ_ONLY' && failure.code !== 'VOLUME_FULL') throw failure
  }
}

function nameFor(deps: PlaceDeps, folder: string, volume: Volume): string {
  const given = volume.mountPoint === folder ? (volume.label ?? path.basename(folder)) : path.basename(folder)
  const short = given
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .slice(0, NAME_MAX / 2)
    .trim()
  const base = short === '' ? 'Drive' : short
  const taken = new Set([...RESERVED_NAMES, ...listPlaces(deps.journal).map((place) => place.name.toLowerCase())])
  for (let n = 1; ; n++) {
    const name = n === 1 ? base : `${base} ${n}`
    if (!taken.has(name.toLowerCase())) return name
  }
}
