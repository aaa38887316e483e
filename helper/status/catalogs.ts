// What is known of each catalog: when it was heard of, when it was last backed up, what was found in that backup, and what is still owed.
import path from 'node:path'
import { catalogReports, listCatalogBackups, listOwedCatalogs } from '../journal/catalog-backups.js'
import { liveCatalog } from '../journal/catalog-proofs.js'
import { listPlaces } from '../journal/places.js'
import { devicesOfCatalog } from '../journal/rehearsals.js'
import { number, optionalNumber, text } from '../journal/rows.js'
import type { StatusResult } from '../../shared/methods.js'
import { healthOfCatalog } from './catalog-health.js'
import { factsOf } from './counting.js'
import type { StatusDeps } from './place-report.js'
import { DEFAULT_POLICY } from './policy.js'
import { judgingTime } from './shoots.js'

type CatalogStatus = StatusResult['catalogs'][number]

export function catalogsReport(deps: StatusDeps): CatalogStatus[] {
  const { journal } = deps
  const places = listPlaces(journal).map(factsOf)
  const heard = new Map(
    journal.all('SELECT path, last_seen_ms, last_exit_ms FROM catalogs').map((row) => [text(row, 'path'), row]),
  )
  const backups = listCatalogBackups(journal)
  const owed = new Map(listOwedCatalogs(journal).map(({ catalog, why }) => [catalog, why]))
  const reports = catalogReports(journal)
  const paths = [...new Set([...heard.keys(), ...backups.map(({ catalog }) => catalog), ...owed.keys()])].sort()
  return paths.map((file) => {
    const row = heard.get(file)
    const closedMs = row && optionalNumber(row, 'last_exit_ms')
    const newestFirst = backups.filter(({ catalog }) => catalog === file).sort((a, b) => b.takenMs - a.takenMs)
    const last = newestFirst.find(({ verdict }) => verdict !== 'bad')
    const why = owed.get(file)
    const live = liveCatalog(journal, file)
    const warnings = [
      ...(live?.hash === last?.hash && live?.differs[0] !== undefined ? [differsFromBackup(live.differs[0])] : []),
      ...(reports.get(file)?.warnings ?? []),
      ...(newestFirst[0] && newestFirst[0].verdict !== 'good'
        ? newestFirst[0].reasons.map((reason) => `The newest backup is ${newestFirst[0]?.verdict ?? ''}: ${reason}`)
        : []),
    ]
    const { verdict, missing } = healthOfCatalog(
      {
        devices: devicesOfCatalog(journal, file),
        isOwed: why !== undefined,
        ...(live ? { live } : {}),
        backups: newestFirst,
      },
      places,
      deps.policy?.() ?? DEFAULT_POLICY,
      judgingTime(deps),
    )
    return {
      name: path.basename(file.replaceAll('\\', '/'), '.lrcat'),
      path: file,
      ...(row ? { lastHeardAt: iso(number(row, 'last_seen_ms')) } : {}),
      ...(closedMs === undefined ? {} : { closedAt: iso(closedMs) }),
      ...(last ? { lastBackupAt: iso(last.takenMs) } : {}),
      ...(newestFirst[0] ? { judgement: newestFirst[0].verdict } : {}),
      ...(why === undefined ? {} : { owed: why === '' ? 'it is being made' : why }),
      ...(warnings.length === 0 ? {} : { warnings }),
      verdict,
      missing,
    }
  })
}

/** What a status has to say of catalogs besides the shoots; '' when all is well with them. */
export function catalogSentence(catalogs: readonly CatalogStatus[]): string {
  const never = catalogs.find(({ lastBackupAt }) => lastBackupAt === undefined)
  if (never)
    return ` The catalog ${never.name} is not backed up yet${never.owed === undefined ? '' : `: ${never.owed}`}.`
  const doubtful = catalogs.find(({ judgement }) => judgement !== 'good')
  if (doubtful) return ` The newest backup of the catalog ${doubtful.name} is ${doubtful.judgement ?? 'unknown'}.`
  const late = catalogs.find(({ owed }) => owed !== undefined)
  if (late) return ` A new backup of the catalog ${late.name} is due: ${late.owed ?? ''}.`
  const short = catalogs.find(({ verdict }) => verdict !== 'protected')
  return short ? ` The catalog ${short.name} is not fully protected: missing ${short.missing?.join(', ') ?? ''}.` : ''
}

function differsFromBackup(file: string): string {
  return `${file} no longer reads as it did at the last backup, although its size and date are the same: the disk may be failing. The backup is whole: safelight catalog restore NAME --to DIR, into another folder.`
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
