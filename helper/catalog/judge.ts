// The verdict on a catalog backup. Pure: what was found and what the last good backup had go in; good, suspect or bad comes out, with every
// reason named. SQLite's own check is one witness of several, and not the best: it calls a catalog sound that lost nine tenths of its
// edits. `bad`: restoring it would lose work or fail. `suspect`: it may be right, and no earlier backup may go because of it.
import type { CatalogFacts } from './inspect-copy.js'
import type { CatalogCounts } from './read-copy.js'

export type BackupVerdict = 'good' | 'suspect' | 'bad'

export type ReasonCode =
  | 'empty-file'
  | 'not-a-database'
  | 'truncated'
  | 'unreadable'
  | 'damaged'
  | 'tables-missing'
  | 'rows-dangling'
  | 'develop-rows-missing'
  | 'foreign-wal'
  | 'wal-missing'
  | 'wal-unreadable'
  | 'file-missing'
  | 'file-differs'
  | 'data-missing'
  | 'data-incomplete'
  | 'another-catalog'
  | 'fell'
  | 'transaction-undone'
  | 'longer-than-it-says'

export interface Reason {
  readonly code: ReasonCode
  /** `note` explains and changes nothing. */
  readonly weight: 'bad' | 'suspect' | 'note'
  /** A sentence for the photographer. */
  readonly message: string
}

export interface Judgement {
  readonly verdict: BackupVerdict
  readonly reasons: readonly Reason[]
}

/** What lies beside the catalog, as far as it bears on the verdict. */
export interface Surroundings {
  /** A `-shm` without a `-wal`: SQLite removes them in the other order, so somebody took the `-wal` away. */
  readonly hasOrphanShm?: boolean
  readonly data?: DataFacts
}

export interface DataFacts {
  /** Names in .lrcat-data, from that folder; `undefined`: there is no such folder. */
  readonly names?: readonly string[]
  /** Content of its CURRENT file, which names the live manifest. */
  readonly current?: string
  /** Blobs and tables of an earlier backup are never rewritten, so one whose size changed is damaged. */
  readonly changedBlobs?: readonly string[]
}

export interface LastGood {
  readonly counts: CatalogCounts
  readonly identity?: string
  readonly dataBytes?: number
}

export interface JudgeInput {
  readonly facts: CatalogFacts
  readonly surroundings?: Surroundings
  /** Recorded files that are gone from a stored backup, or whose bytes no longer hash to what was recorded. */
  readonly stored?: { readonly missing: readonly string[]; readonly differing: readonly string[] }
  readonly lastGood?: LastGood
  /** The photographer said that so many photos were removed on purpose. */
  readonly isFallAccepted?: boolean
}

export function judgeBackup(input: JudgeInput): Judgement {
  const reasons = [
    ...judgeStored(input),
    ...judgeFile(input.facts),
    ...judgeWal(input.facts, input.surroundings),
    ...judgeContent(input.facts),
    ...judgeData(input.facts, input.surroundings?.data),
    ...judgeFall(input),
  ]
  return { verdict: worst(reasons), reasons }
}

/** A fall of this share, and of at least so many rows, is more than an evening's culling. */
const SHARP_FALL: Readonly<Partial<Record<keyof CatalogCounts, { readonly share: number; readonly rows: number }>>> = {
  files: { share: 0.2, rows: 10 },
  images: { share: 0.2, rows: 10 },
  developRows: { share: 0.2, rows: 10 },
  historySteps: { share: 0.3, rows: 50 },
  keywords: { share: 0.3, rows: 10 },
  collections: { share: 0.3, rows: 5 },
  imports: { share: 0.3, rows: 5 },
  roots: { share: 0.5, rows: 2 },
  faces: { share: 0.3, rows: 50 },
}

const COUNTED_AS: Readonly<Partial<Record<keyof CatalogCounts, string>>> = {
  files: 'photo files',
  images: 'photos',
  developRows: 'develop settings',
  historySteps: 'history steps',
  keywords: 'keywords',
  collections: 'collections',
  imports: 'imports',
  roots: 'root folders',
  faces: 'faces',
}

/** Healthy catalogs have a develop row for every photo; a very large one was seen with 2 of 380,300 missing. */
const DEVELOP_ROWS_BAD_SHARE = 0.1
const DEVELOP_ROWS_SUSPECT = { share: 0.0001, rows: 3 }
const DATA_FALL_SHARE = 0.3
const DATA_FALL_BYTES = 64 * 1024 * 1024

function judgeStored({ stored }: JudgeInput): Reason[] {
  if (!stored) return []
  return [
    ...stored.missing.map((name): Reason => {
      const isWal = name.endsWith('-wal')
      const message = isWal
        ? `${name} belongs to this backup and is gone: the last changes before the crash are not in it.`
        : `${name} belongs to this backup and is gone.`
      return { code: isWal ? 'wal-missing' : 'file-missing', weight: 'bad', message }
    }),
    ...stored.differing.map((name): Reason =>
      bad('file-differs', `${name} is not what was stored: its bytes have changed since.`),
    ),
  ]
}

function judgeFile(facts: CatalogFacts): Reason[] {
  if (facts.sizeBytes === 0) return [bad('empty-file', 'The catalog file is empty (0 bytes).')]
  const { header } = facts
  if (!header) return [bad('not-a-database', 'The file is not a Lightroom catalog: it does not begin like a database.')]
  const reasons: Reason[] = []
  const saidBytes = header.pages * header.pageSize
  const hasPending = facts.wal !== undefined || facts.journal !== undefined
  if (!hasPending && (facts.sizeBytes < saidBytes || facts.sizeBytes % header.pageSize !== 0))
    reasons.push(bad('truncated', `The catalog is cut short: ${facts.sizeBytes} of ${saidBytes} bytes are there.`))
  if (!hasPending && facts.sizeBytes > saidBytes && facts.sizeBytes % header.pageSize === 0)
    reasons.push(
      note('longer-than-it-says', `The file is ${facts.sizeBytes - saidBytes} bytes longer than the catalog in it.`),
    )
  if (facts.unreadable !== undefined)
    reasons.push(bad('unreadable', `The catalog cannot be read: ${facts.unreadable}.`))
  const rows = [...(facts.quickCheck ?? []), ...(facts.integrityCheck ?? [])]
  if (rows.length > 0) reasons.push(bad('damaged', `The database check reports damage: ${rows[0] ?? ''}`))
  if (facts.missingTables.length > 0)
    reasons.push(bad('tables-missing', `The catalog lacks what every catalog has: ${facts.missingTables.join(', ')}.`))
  return reasons
}

function judgeWal(facts: CatalogFacts, surroundings: Surroundings | undefined): Reason[] {
  const reasons: Reason[] = []
  if (facts.wal && facts.wal.foreignBecause.length > 0)
    reasons.push(
      bad(
        'foreign-wal',
        `The -wal file beside it is not of this catalog and this moment: ${facts.wal.foreignBecause.join('; ')}.`,
      ),
    )
  if (facts.wal && !facts.wal.isReadable)
    reasons.push(
      suspect(
        'wal-unreadable',
        'The -wal file beside it has no readable beginning; what it held is not in the catalog.',
      ),
    )
  if (surroundings?.hasOrphanShm && !facts.wal)
    reasons.push(
      suspect(
        'wal-missing',
        'A -shm file lies beside the catalog and its -wal is gone: the last changes may be missing.',
      ),
    )
  if (facts.journal)
    reasons.push(
      note(
        'transaction-undone',
        'Lightroom was interrupted while writing. The half-written change was undone in the check; Lightroom does the same.',
      ),
    )
  return reasons
}

function judgeContent({ counts, dangling }: CatalogFacts): Reason[] {
  const reasons: Reason[] = []
  if (counts && counts.missingDevelopRows > 0) {
    const { missingDevelopRows: missing, images } = counts
    const message = `${missing} of ${images} photos have lost their develop settings.`
    if (missing / images >= DEVELOP_ROWS_BAD_SHARE) reasons.push(bad('develop-rows-missing', message))
    else if (missing >= DEVELOP_ROWS_SUSPECT.rows && missing / images >= DEVELOP_ROWS_SUSPECT.share)
      reasons.push(suspect('develop-rows-missing', message))
    else reasons.push(note('develop-rows-missing', message))
  }
  if (!dangling) return reasons
  const lost = dangling.filesWithoutFolder + dangling.foldersWithoutRoot + dangling.imagesWithoutFile
  if (lost > 0)
    reasons.push(bad('rows-dangling', `${lost} rows name a folder or a file that the catalog no longer has.`))
  const links = dangling.importLinksWithoutImage + dangling.importLinksWithoutImport
  if (links > 0)
    reasons.push(suspect('rows-dangling', `${links} photos name an import that the catalog no longer has.`))
  return reasons
}

function judgeData({ counts }: CatalogFacts, data: DataFacts | undefined): Reason[] {
  if (!data) return []
  const reasons = (data.changedBlobs ?? []).map((name) =>
    bad(
      'data-incomplete',
      `${name} in .lrcat-data has another size than when it was first stored; such files never change.`,
    ),
  )
  if (data.names === undefined) {
    const masks = counts?.bigDataRows ?? 0
    return masks > 0
      ? [
          ...reasons,
          bad('data-missing', `The .lrcat-data folder is gone; ${masks} photos have masks or AI results in it.`),
        ]
      : reasons
  }
  if (data.names.length === 0) return reasons
  const manifest = data.current?.trim()
  if (manifest === undefined || manifest === '')
    return [
      ...reasons,
      bad('data-incomplete', 'CURRENT is missing from the .lrcat-data folder: Lightroom could not open it.'),
    ]
  if (!data.names.includes(manifest))
    return [
      ...reasons,
      bad('data-incomplete', `${manifest} is missing from the .lrcat-data folder: Lightroom could not open it.`),
    ]
  return reasons
}

function judgeFall({ facts, lastGood, isFallAccepted }: JudgeInput): Reason[] {
  const { counts } = facts
  if (!lastGood || !counts) return []
  const identity = facts.versions?.identity
  if (lastGood.identity !== undefined && identity !== undefined && identity !== lastGood.identity)
    return [
      suspect('another-catalog', 'A catalog of another identity lies under the name of the one backed up before.'),
    ]
  return (Object.keys(SHARP_FALL) as (keyof CatalogCounts)[]).flatMap((name) => {
    const limit = SHARP_FALL[name]
    const [before, after] = [lastGood.counts[name], counts[name]]
    const lost = before - after
    const isSharp =
      limit !== undefined && lost > 0 && lost / before >= limit.share && (lost >= limit.rows || after === 0)
    if (!isSharp) return []
    const message = `${COUNTED_AS[name] ?? name} fell from ${before} to ${after} since the last good backup.`
    return [isFallAccepted ? note('fell', `${message} You said that this is right.`) : suspect('fell', message)]
  })
}

/** @returns a reason when .lrcat-data lost so much that it cannot be housekeeping: masks and Denoise results live nowhere else */
export function judgeDataFall(
  dataBytes: number,
  lastGood: LastGood | undefined,
  isFallAccepted: boolean,
): Reason | undefined {
  const before = lastGood?.dataBytes ?? 0
  const lost = before - dataBytes
  if (lost < DATA_FALL_BYTES || lost / before < DATA_FALL_SHARE) return undefined
  const message = `.lrcat-data fell from ${before} to ${dataBytes} bytes since the last good backup.`
  return isFallAccepted ? note('fell', message) : suspect('fell', message)
}

export function worst(reasons: readonly Reason[]): BackupVerdict {
  if (reasons.some(({ weight }) => weight === 'bad')) return 'bad'
  return reasons.some(({ weight }) => weight === 'suspect') ? 'suspect' : 'good'
}

function bad(code: ReasonCode, message: string): Reason {
  return { code, weight: 'bad', message }
}

function suspect(code: ReasonCode, message: string): Reason {
  return { code, weight: 'suspect', message }
}

function note(code: ReasonCode, message: string): Reason {
  return { code, weight: 'note', message }
}
