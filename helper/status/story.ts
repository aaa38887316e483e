// The whole story of one file: every content that it ever had, where each lies, when and how that was proven, and what that makes of it.
import { SafelightError, shootUnknown } from '../errors.js'
import type { GroupCopy } from '../journal/health-groups.js'
import type { Journal } from '../journal/journal.js'
import { toCopy, type CopyRow } from '../journal/files.js'
import { twinsOf } from '../journal/referenced.js'
import { number, optionalNumber, text } from '../journal/rows.js'
import type { FileStory } from '../../shared/methods.js'
import { isCounted, isOffSite, type PlaceFacts } from './counting.js'
import { expiryOf, healthOfFile, healthOfShoot, isFresh, type Places } from './health.js'
import { placeNames, type StatusDeps } from './place-report.js'
import { DEFAULT_POLICY, type Policy } from './policy.js'
import { scoreOf } from './score.js'
import { judgingTime, placesBySource } from './shoots.js'

interface FileFacts {
  readonly id: number
  readonly name: string
  readonly versionId: number | undefined
  readonly sourceId: number
  readonly goneMs: number | undefined
  readonly movedMs: number | undefined
}

/** @param file  its name in the shoot
 *  @throws SHOOT_UNKNOWN, FILE_UNKNOWN */
export function fileStory(deps: StatusDeps, shoot: string, file: string): FileStory {
  const { journal } = deps
  const policy = deps.policy?.() ?? DEFAULT_POLICY
  const nowMs = judgingTime(deps)
  const facts = findFile(journal, shoot, file)
  const places = placesBySource(journal)(facts.sourceId)
  const copies = copiesOfNewest(journal, facts)
  const { verdict, validUntilMs, provenMs, good } = healthOfFile(copies, places, policy, nowMs)
  const groups = [{ files: 1, bytes: 0, copies }]
  const { missing } = healthOfShoot(groups, places, policy, nowMs)
  const movedTo = facts.movedMs === undefined ? undefined : twinsOf(journal, facts.id).map((twin) => twin.path)
  const versions = versionsOf(journal, facts, { places, names: placeNames(journal), policy, nowMs })
  return {
    ok: true,
    exitCode: 0,
    summary: `${shoot}/${file}${whereNow(movedTo)}: ${verdict}${missing.length === 0 ? '' : `; missing ${missing.join(', ')}`}.`,
    shoot,
    file,
    bytes: versions[0]?.bytes ?? 0,
    verdict,
    missing,
    score: scoreOf(groups, [good], policy, {}, nowMs).filter(({ rule }) => rule !== 'errors'),
    ...(provenMs === undefined ? {} : { provenAt: iso(provenMs) }),
    ...(validUntilMs === undefined ? {} : { validUntil: iso(validUntilMs) }),
    ...(facts.goneMs === undefined ? {} : { goneAt: iso(facts.goneMs) }),
    ...(movedTo === undefined ? {} : { movedTo }),
    versions,
  }
}

function whereNow(movedTo: readonly string[] | undefined): string {
  if (movedTo === undefined) return ''
  const [first] = movedTo
  return ` was moved or renamed and counts under its new name${first === undefined ? '' : ` (${first})`}. Its copies under the old one`
}

function findFile(journal: Journal, shoot: string, file: string): FileFacts {
  const known = journal.get('SELECT id FROM shoots WHERE key = ?', [shoot])
  if (!known) throw shootUnknown(shoot)
  const row = journal.get(
    `SELECT f.id, f.name, f.version_id, f.gone_ms, f.moved_ms, s.source_id FROM files f JOIN shoots s ON s.id = f.shoot_id WHERE s.key = ? AND f.name = ?`,
    [shoot, file],
  )
  if (row) return toFacts(row)
  throw new SafelightError('FILE_UNKNOWN', {
    message: `"${shoot}" has no file "${file}".`,
    remedy: `Search for it: safelight shoots --search "${file}"`,
  })
}

function toFacts(row: Readonly<Record<string, string | number | null>>): FileFacts {
  return {
    id: number(row, 'id'),
    name: text(row, 'name'),
    versionId: optionalNumber(row, 'version_id'),
    sourceId: number(row, 'source_id'),
    goneMs: optionalNumber(row, 'gone_ms'),
    movedMs: optionalNumber(row, 'moved_ms'),
  }
}

function copiesOfNewest(journal: Journal, { versionId, name }: FileFacts): GroupCopy[] {
  if (versionId === undefined) return []
  return journal
    .all('SELECT * FROM copies WHERE version_id = ? AND path = ? ORDER BY place_id', [versionId, name])
    .map((row) => toGroupCopy(toCopy(row)))
}

function toGroupCopy({ placeId, state, provenMs, provenHow }: CopyRow): GroupCopy {
  return {
    placeId,
    state,
    ...(provenMs === undefined ? {} : { provenMs }),
    ...(provenHow === undefined ? {} : { how: provenHow }),
  }
}

interface Eyes {
  readonly places: Places
  readonly names: ReadonlyMap<string, string>
  readonly policy: Policy
  readonly nowMs: number
}

function versionsOf(journal: Journal, { id, name, versionId }: FileFacts, eyes: Eyes): FileStory['versions'] {
  const rows = journal.all(
    'SELECT * FROM versions WHERE file_id = ? ORDER BY id = ? DESC, first_seen_ms DESC, id DESC',
    [id, versionId ?? 0],
  )
  return rows.map((row) => ({
    hash: text(row, 'hash'),
    bytes: number(row, 'size'),
    modifiedAt: iso(number(row, 'mtime_ms')),
    firstSeenAt: iso(number(row, 'first_seen_ms')),
    copies: journal
      .all('SELECT * FROM copies WHERE version_id = ? ORDER BY place_id <> ?, place_id, path', [
        number(row, 'id'),
        'working',
      ])
      .map((copy) => copyStory(toCopy(copy), number(row, 'id') === versionId && text(copy, 'path') === name, eyes)),
  }))
}

function copyStory(
  row: CopyRow,
  isOfNewest: boolean,
  { places, names, policy, nowMs }: Eyes,
): FileStory['versions'][number]['copies'][number] {
  const copy = toGroupCopy(row)
  const place = places.get(row.placeId)
  const fresh = place !== undefined && isFresh(copy, place, policy, nowMs)
  const why = whyNot(copy, place, fresh, isOfNewest)
  return {
    place: names.get(row.placeId) ?? row.placeId,
    state: row.state,
    path: row.path,
    ...(row.provenMs === undefined ? {} : { provenAt: iso(row.provenMs) }),
    ...(row.provenHow === undefined ? {} : { how: row.provenHow }),
    ...(place === undefined || row.provenMs === undefined ? {} : { bestBefore: iso(expiryOf(copy, place, policy)) }),
    isFresh: fresh,
    isOffSite: place !== undefined && isOffSite(place),
    ...(why === undefined ? {} : { why }),
  }
}

function whyNot(
  copy: GroupCopy,
  place: PlaceFacts | undefined,
  fresh: boolean,
  isOfNewest: boolean,
): string | undefined {
  if (place === undefined) return 'its place is no longer counted'
  if (!isCounted(place)) return place.role === 'card' ? 'cards are never counted' : 'galleries are never counted'
  if (copy.state === 'written') return place.role === 'bucket' ? 'on its way, not confirmed yet' : 'not read back yet'
  if (copy.state !== 'verified') return copy.state === 'damaged' ? 'it is damaged' : 'it is missing'
  if (!fresh) return 'its proof is too old, or from a clock that was set back'
  return isOfNewest ? undefined : 'an earlier content, kept until retention lets it go'
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
