// What Lightroom shows of each photo in its own fields: how it is backed up, in a few words, and since when that is proven. Judged by the
// rules of health.ts for the file and all that belongs to it (sidecars, the JPEG of a pair): the worst of them speaks. The paths come from
// another program and are compared with what the journal knows; nothing is read at them.
import path from 'node:path'
import type { GroupCopy } from '../journal/health-groups.js'
import type { Journal } from '../journal/journal.js'
import { toCopy } from '../journal/files.js'
import { number, optionalNumber, text } from '../journal/rows.js'
import { WORKING } from '../model.js'
import type { Params, PhotoState, Result } from '../../shared/methods.js'
import { isCounted, isOffSite } from './counting.js'
import { healthOfFile, overallVerdict, type FileHealth, type GoodCopy, type Places } from './health.js'
import type { StatusDeps } from './place-report.js'
import { DEFAULT_POLICY, type Policy } from './policy.js'
import { judgingTime, placesBySource } from './shoots.js'

export interface JudgedFile {
  readonly health: FileHealth
  readonly copies: readonly GroupCopy[]
}

export type PhotoWords = Omit<PhotoState, 'id'>

export function photoStates(deps: StatusDeps, { photos }: Params<'photos/states'>): Result<'photos/states'> {
  const eyes = { journal: deps.journal, policy: deps.policy?.() ?? DEFAULT_POLICY, nowMs: judgingTime(deps) }
  const placesOf = placesBySource(deps.journal)
  const sources = deps.journal
    .all('SELECT id, path FROM sources')
    .map((row) => ({ id: number(row, 'id'), path: text(row, 'path') }))
  return {
    states: photos.map(({ id, path: original }) => {
      for (const source of sources) {
        const folder = path.relative(source.path, path.dirname(original))
        if (folder.startsWith('..') || path.isAbsolute(folder)) continue
        const places = placesOf(source.id)
        const files = judgedFiles(eyes, source.id, folder.split(path.sep).join('/'), path.basename(original), places)
        if (files !== undefined) return { id, ...photoWords(files, places) }
      }
      return { id, ...photoWords([], new Map()) }
    }),
  }
}

/** Pure: the words for a photo that consists of these files.
 *  @param files  empty when nobody knows it */
export function photoWords(files: readonly JudgedFile[], places: Places): PhotoWords {
  if (files.some(({ copies }) => copies.some(({ placeId, state }) => placeId === WORKING && state === 'damaged')))
    return { backup: 'damaged at source' }
  const elsewhere = files.map(({ health }) => health.good.filter(({ place }) => place.role !== WORKING))
  const proofs = elsewhere.flat().map(({ copy }) => copy.provenMs)
  const provenMs = Math.min(...proofs)
  const uncopied = files.filter((_file, index) => elsewhere[index]?.length === 0)
  if (files.length === 0 || uncopied.length > 0) return { backup: uncopiedWords(uncopied, places) }
  const provenOn = dayOf(provenMs)
  if (overallVerdict(files.map(({ health }) => health.verdict)) !== 'protected')
    return { backup: partlyWords(files, elsewhere), provenOn }
  return { backup: `3-2-1 (proven ${provenOn})`, provenOn }
}

/** None of these has a good copy: is one on its way, or known and its proof has lapsed? A file that has none at all speaks for all. */
function uncopiedWords(files: readonly JudgedFile[], places: Places): string {
  const isElsewhere = ({ placeId }: GroupCopy): boolean => {
    const place = places.get(placeId)
    return placeId !== WORKING && place !== undefined && isCounted(place)
  }
  if (!files.every(({ copies }) => copies.some(isElsewhere))) return 'not yet backed up'
  const copies = files.flatMap((file) => file.copies.filter(isElsewhere))
  if (copies.some(({ state }) => state === 'damaged')) return 'copy damaged'
  const lapsed = copies.filter(({ state }) => state === 'verified').map(({ provenMs }) => provenMs ?? 0)
  if (lapsed.length > 0) return `proof too old (last ${dayOf(Math.max(...lapsed))})`
  if (copies.some(({ state, placeId }) => state === 'written' && places.get(placeId)?.role === 'bucket'))
    return 'on its way off-site, not confirmed'
  return 'not yet backed up'
}

/** Only what every file of the photo has is said of it. */
function partlyWords(files: readonly JudgedFile[], elsewhere: readonly (readonly GoodCopy[])[]): string {
  if (files.some(({ health }) => health.needs.includes('a copy on a second device'))) return 'on the same disk only'
  const drives = Math.min(...elsewhere.map((good) => good.filter(({ place }) => !isOffSite(place)).length))
  const isAway = elsewhere.every((good) => good.some(({ place }) => isOffSite(place)))
  if (isAway) return drives === 0 ? 'off-site only' : 'second drive and off-site, not 3-2-1'
  if (drives === 0) return 'partly backed up'
  return drives === 1 ? 'second drive only' : `${drives} drives, not off-site`
}

interface Eyes {
  readonly journal: Journal
  readonly policy: Policy
  readonly nowMs: number
}

/** The file and its siblings of the same stem. @returns undefined when the journal does not know the file itself */
function judgedFiles(
  { journal, policy, nowMs }: Eyes,
  sourceId: number,
  folder: string,
  name: string,
  places: Places,
): JudgedFile[] | undefined {
  const stem = name.slice(0, name.length - path.extname(name).length)
  // From "stem." up to the character after the full stop: a range that the index on names answers.
  const rows = journal.all(
    `SELECT f.id, f.name, f.version_id FROM shoots s JOIN files f ON f.shoot_id = s.id AND f.name >= ? AND f.name < ?
     WHERE s.source_id = ? AND s.path_from_root = ? AND (f.gone_ms IS NULL OR f.name = ?)`,
    [`${stem}.`, `${stem}/`, sourceId, folder, name],
  )
  if (!rows.some((row) => text(row, 'name') === name)) return undefined
  return rows.map((row) => {
    const copies = copiesOf(journal, optionalNumber(row, 'version_id'), text(row, 'name'))
    return { copies, health: healthOfFile(copies, places, policy, nowMs) }
  })
}

function copiesOf(journal: Journal, versionId: number | undefined, name: string): GroupCopy[] {
  if (versionId === undefined) return []
  return journal.all('SELECT * FROM copies WHERE version_id = ? AND path = ?', [versionId, name]).map((row) => {
    const { placeId, state, provenMs, provenHow } = toCopy(row)
    return {
      placeId,
      state,
      ...(provenMs === undefined ? {} : { provenMs }),
      ...(provenHow === undefined ? {} : { how: provenHow }),
    }
  })
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
