// What a backup says at its end: one verdict by the worst that happened, and sentences that name what is safe where and what is not.
import { ERROR_CODES, type SafelightError } from '../errors.js'
import type { BackupResult, Finding } from '../../shared/methods.js'
import { verifiedAt } from '../journal/files.js'
import type { OpenPlace } from '../place/places.js'
import { filesIn, type PreparedShoot } from './prepare.js'
import type { BackupRun } from './run.js'

export interface RunFacts {
  readonly prepared: readonly PreparedShoot[]
  readonly leftOut: readonly { readonly file: string; readonly why: string }[]
  readonly absent: readonly SafelightError[]
}

export function backupResult(run: BackupRun, { prepared, leftOut, absent }: RunFacts): BackupResult {
  const isInterrupted = run.signal.aborted
  const failures = [...absent, ...(run.sourceFailure ? [run.sourceFailure] : []), ...run.failedPlaces.values()]
  const exitCode = failures[0]?.exitCode ?? (isInterrupted ? ERROR_CODES.INTERRUPTED.exit : exitWithout(run))
  const shoots = prepared.filter((each) => filesIn(each) > 0)
  const { files, copied, copiedBytes, unchanged, adopted, done } = run.counts
  return {
    ok: exitCode === 0,
    exitCode,
    summary: [
      summaryOf(run, shoots, failures, isInterrupted),
      ...[...run.stakes].map((warning) => `WARNING: ${warning}.`),
    ].join(' '),
    files,
    bytesCopied: copiedBytes,
    filesCopied: copied,
    filesUnchanged: unchanged,
    filesAdopted: adopted,
    filesChecked: done,
    shoots: shoots.map((each) => ({
      id: each.shoot.row.key,
      files: filesIn(each),
      filesCopied: run.copiedByShoot.get(each.shoot.row.id) ?? 0,
    })),
    findings: run.findings,
    warnings: [...run.warnings(), ...failures.map((failure) => `${failure.message} ${failure.remedy}`)],
    leftOut,
  }
}

/** Of a run that nothing stopped. Nothing to take is no success: whoever named the folder believes that there is something in it. */
function exitWithout({ counts, findings }: BackupRun): number {
  return counts.files === 0 && findings.length === 0 ? ERROR_CODES.NOTHING_TO_BACK_UP.exit : exitOfFindings(findings)
}

const EXIT_OF_FINDING: Readonly<Record<string, number>> = {
  damaged: ERROR_CODES.COPY_DIFFERS.exit,
  missing: ERROR_CODES.COPY_MISSING.exit,
  extra: ERROR_CODES.COPY_DIFFERS.exit,
  manifest: ERROR_CODES.COPY_DIFFERS.exit,
  unreadable: ERROR_CODES.SOURCE_UNREADABLE.exit,
  changing: ERROR_CODES.SOURCE_CHANGING.exit,
  name: ERROR_CODES.NAME_NOT_STORABLE.exit,
  unwritable: ERROR_CODES.COPY_MISSING.exit,
}

/** Damage first, then what is missing. */
export function exitOfFindings(findings: readonly Pick<Finding, 'kind'>[]): number {
  const exits = findings.map((finding) => EXIT_OF_FINDING[finding.kind] ?? ERROR_CODES.COPY_MISSING.exit)
  return exits.includes(ERROR_CODES.COPY_DIFFERS.exit) ? ERROR_CODES.COPY_DIFFERS.exit : Math.max(0, ...exits)
}

function summaryOf(
  run: BackupRun,
  shoots: readonly PreparedShoot[],
  failures: readonly SafelightError[],
  isInterrupted: boolean,
): string {
  const { files, copied, adopted, unchanged } = run.counts
  const safe = run.livePlaces()
  const names = describeFiles(shoots)
  const first = failures[0]
  if (first) return [first.message, soFar(run, shoots), first.remedy].filter((each) => each !== '').join(' ')
  if (isInterrupted) return `Stopped. ${soFar(run, shoots)} Run the same command again; it goes on where it stopped.`
  if (files === 0 && run.findings.length === 0)
    return 'There is no file to back up in what was named: it is empty, or holds only what is always left out. Check the name.'
  if (run.places.length === 0) return withoutDrives(run, names)
  const where = safe.map((place) => `"${place.name}"`).join(' and ')
  if (run.findings.length > 0) {
    return `${run.findings.length} of ${files} files need your attention (see the list). ${copied} copied, ${adopted} found already there, ${unchanged} unchanged, on ${where}.`
  }
  if (copied === 0 && adopted === 0) {
    const proven =
      run.counts.proven === 0
        ? ''
        : ` ${run.counts.proven} of the copies had not been proven before; they were read back now.`
    return `${names} checked on ${where}: all as they were, nothing to copy.${proven}`
  }
  const proof = safe.some((place) => isReadFromCache(run, place))
    ? 'verified (read back through the system’s cache; a later verify reads the device)'
    : 'verified, read back from the device'
  return `${names} ${run.stakes.size === 0 ? 'safe' : 'now'} on ${where}: ${copied} copied and ${proof}${adopted > 0 ? `, ${adopted} found already there and proven` : ''}${unchanged > 0 ? `, ${unchanged} unchanged` : ''}.`
}

/** Only buckets are known: the originals were read, and nothing was copied to a drive. */
function withoutDrives({ counts, findings }: BackupRun, names: string): string {
  return findings.length > 0
    ? `${findings.length} of ${counts.files} files need your attention (see the list). There is no drive for copies.`
    : `${names} read. There is no drive for copies.`
}

/** How much of the run is on each place, from the journal and not from what was meant. */
function soFar(run: BackupRun, shoots: readonly PreparedShoot[]): string {
  const files = run.counts.files
  if (files === 0) return ''
  return run.places
    .map((place) => `${safeAt(run, shoots, place)} of ${files} files are safe on "${place.name}".`)
    .join(' ')
}

function safeAt(run: BackupRun, shoots: readonly PreparedShoot[], place: OpenPlace): number {
  return shoots.reduce((sum, { shoot }) => sum + verifiedAt(run.deps.journal, shoot.row.id, place.id), 0)
}

function isReadFromCache(run: BackupRun, place: OpenPlace): boolean {
  const row = run.deps.journal.get(
    "SELECT 1 AS found FROM copies WHERE place_id = ? AND proven_how = 'cached' LIMIT 1",
    [place.id],
  )
  return row !== undefined
}

/** "640 photos, 12 sidecars and 2 videos" */
function describeFiles(shoots: readonly PreparedShoot[]): string {
  const parts = (['photo', 'video', 'sidecar', 'other'] as const).flatMap((kind) => {
    const count = shoots.reduce((sum, { kinds }) => sum + (kinds.get(kind) ?? 0), 0)
    if (count === 0) return []
    const word = kind === 'other' ? 'other file' : kind
    return [`${count} ${word}${count === 1 ? '' : 's'}`]
  })
  const last = parts.pop() ?? '0 files'
  return parts.length === 0 ? last : `${parts.join(', ')} and ${last}`
}
