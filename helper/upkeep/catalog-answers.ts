// What the methods about catalogs answer, in words and exit codes. Pure.
import path from 'node:path'
import { summariseFindings } from '../catalog/findings.js'
import type { BackUpAnswer, CatalogJobs } from '../catalog/job-kinds.js'
import { ERROR_CODES, type SafelightError } from '../errors.js'
import type { CatalogBackupRow } from '../journal/catalog-backups.js'
import type { OpenPlace } from '../place/places.js'
import type { Result } from '../../shared/methods.js'

export function backupResult(
  catalog: string,
  { judgement, takenAtMs, places: done }: BackUpAnswer,
  open: readonly OpenPlace[],
  { wanted, warnings, absent }: { wanted: number; warnings: readonly string[]; absent: readonly SafelightError[] },
): Result<'catalog/backup'> {
  const nameOf = (root: string) => open.find((place) => place.root === root)?.name ?? root
  const reasons = judgement.reasons.filter(({ weight }) => weight !== 'note').map(({ message }) => message)
  const exitCode = judgement.verdict === 'good' ? 0 : ERROR_CODES.COPY_DIFFERS.exit
  const name = path.basename(catalog, path.extname(catalog))
  const where = done.map(({ root }) => `"${nameOf(root)}"`).join(' and ')
  const isUnchanged = done.every(({ kind }) => kind === 'unchanged')
  const did = isUnchanged
    ? `${name} has not changed since its last backup on ${where}`
    : `${name} is backed up on ${where}, read back and opened`
  const found =
    judgement.verdict === 'good'
      ? '.'
      : judgement.verdict === 'suspect'
        ? `, and something about it is suspect: ${reasons[0] ?? ''} Earlier backups are kept. If this is as you want it: safelight catalog backup --accept`
        : `, and it is not good: ${reasons[0] ?? ''} The last good backup is kept: safelight catalog list`
  const more =
    wanted > 0 ? ` ${wanted} file${wanted === 1 ? '' : 's'} that it names had no copy yet and will be copied.` : ''
  return {
    ok: exitCode === 0,
    exitCode,
    summary: `${did}${found}${more}`,
    judgement: judgement.verdict,
    reasons,
    takenAt: new Date(takenAtMs).toISOString(),
    bytesWritten: done.reduce((total, { bytesWritten }) => total + bytesWritten, 0),
    places: done.map(({ root, kind, backup }) => ({ place: nameOf(root), backup: backup.stamp, state: kind })),
    wanted,
    warnings: [...warnings, ...absent.map((error) => error.message)],
  }
}

const GRAVE: ReadonlySet<string> = new Set(['damaged', 'unreadable', 'size-differs-from-import'])

export function checkResult(found: CatalogJobs['check']['result']): Result<'catalog/check'> {
  const { files, sidecars, offlineRoots, movedRoots, asOfMs, resumeAfter } = found
  const summaries = summariseFindings(found)
  const mends = new Map(summaries.map(({ kind, mend }) => [kind, mend]))
  const isMissing = found.findings.some(
    ({ kind }) => kind === 'missing' || kind.endsWith('-place') || kind === 'only-one-copy',
  )
  const exitCode = found.findings.some(({ kind }) => GRAVE.has(kind))
    ? ERROR_CODES.COPY_DIFFERS.exit
    : isMissing
      ? ERROR_CODES.COPY_MISSING.exit
      : offlineRoots.length > 0
        ? ERROR_CODES.VOLUME_AWAY.exit
        : 0
  const asOf = asOfMs === undefined ? undefined : new Date(asOfMs).toISOString()
  const when =
    asOf === undefined
      ? ''
      : ` Lightroom has the catalog open, so its backup of ${asOf.slice(0, 16).replace('T', ' ')} UTC was checked.`
  const away = offlineRoots.map(({ files: count, message }) => ` ${count} photos not looked for: ${message}`).join('')
  const count = found.findings.length
  return {
    ok: exitCode === 0,
    exitCode,
    summary: `${count === 0 ? 'Every file that was looked for is as it should be.' : `${count} finding${count === 1 ? '' : 's'} in ${files} files.`}${away}${when}${resumeAfter === undefined ? '' : ' The end of the catalog was not reached.'}`,
    files,
    sidecars,
    findings: found.findings.map(({ kind, file, shoot, detail }) => ({
      kind,
      place: 'working',
      shoot,
      file,
      message: detail ?? mends.get(kind) ?? '',
    })),
    offlineRoots: offlineRoots.map(({ root, files: its, message }) => ({ root, files: its, message })),
    movedRoots,
    ...(asOf === undefined ? {} : { asOf }),
    ...(resumeAfter === undefined ? {} : { resumeAfter }),
    mend: summaries.map(({ kind, message, mend }) => ({ kind, message, mend })),
  }
}

export function listResult(
  rows: readonly CatalogBackupRow[],
  names: ReadonlyMap<string, string>,
): Result<'catalog/list'> {
  const catalogs = [...new Set(rows.map(({ name }) => name))].map((name) => {
    const its = rows.filter((row) => row.name === name)
    return {
      name,
      path: its.at(-1)?.catalog ?? '',
      backups: its.map(({ placeId, stamp, takenMs, verdict, reasons, counts, pair }) => ({
        place: names.get(placeId) ?? placeId,
        backup: stamp,
        takenAt: new Date(takenMs).toISOString(),
        judgement: verdict,
        reasons,
        ...(counts['files'] === undefined ? {} : { files: counts['files'] }),
        set:
          pair === undefined
            ? ('unknown' as const)
            : pair.unproven === 0
              ? ('complete' as const)
              : ('incomplete' as const),
        ...(pair === undefined ? {} : { unproven: pair.unproven }),
      })),
    }
  })
  const summary =
    catalogs.length === 0
      ? 'No catalog is backed up yet. To do it now: safelight catalog backup FILE'
      : `${catalogs.length} catalog${catalogs.length === 1 ? '' : 's'}, ${rows.length} backup${rows.length === 1 ? '' : 's'}.`
  return { ok: true, exitCode: 0, summary, catalogs }
}

export function restoreResult(answer: CatalogJobs['restore']['result'], place: string): Result<'catalog/restore'> {
  const { backup, catalog, written, alreadyThere, movedAway, judgement } = answer
  const exitCode = judgement.verdict === 'good' ? 0 : ERROR_CODES.COPY_DIFFERS.exit
  const reason = judgement.reasons.find(({ weight }) => weight !== 'note')?.message ?? ''
  const moved =
    movedAway.length === 0 ? '' : ` ${movedAway.length} left-over files of another catalog were moved aside.`
  const lock = answer.staleLock ? ' The lock file of a crashed Lightroom lies beside it and was left alone.' : ''
  return {
    ok: exitCode === 0,
    exitCode,
    summary: `The backup of ${backup.stamp} is restored to ${catalog}${judgement.verdict === 'good' ? ', opened and found good' : `, and it is ${judgement.verdict}: ${reason}`}.${moved}${lock}`,
    catalog,
    backup: backup.stamp,
    place,
    judgement: judgement.verdict,
    restored: written,
    alreadyThere,
    movedAway,
  }
}
