// What a restore says: before it starts, what it would do; at its end, what is back, where from, and what is not and why. Pure.
import { ERROR_CODES, type SafelightError } from '../errors.js'
import { inWords } from '../files/in-words.js'
import type { ShootRow } from '../journal/shoots.js'
import type { Failure } from '../engine/jobs.js'
import type { CatalogOfDate, ColdFiles, Finding, RestorePlan, RestoreResult } from '../../shared/methods.js'
import { catalogWords } from './catalog-of-date.js'
import { coldWords } from './cold.js'
import { triedInWords, type Failed } from './copies.js'
import { durationInWords } from './pace.js'
import type { FilePlan, PlanTotals } from './plan.js'
import type { FileResult } from './restore-file.js'

export interface RestoreFacts {
  readonly title: string
  readonly totals: PlanTotals
  readonly problems: readonly SafelightError[]
  readonly targets: RestorePlan['targets']
  readonly seconds: number
  readonly obstacles: NonNullable<RestorePlan['obstacles']>
  readonly mapped: NonNullable<RestorePlan['mapped']>
  readonly catalogs: readonly CatalogOfDate[]
  readonly picks?: number
  readonly cold?: ColdFiles
  /** Places that gave way to others, as they are called. */
  readonly slow: readonly string[]
  /** Files that were not known yet at the date asked for. */
  readonly notYet: number
  readonly nameOf: (placeId: string) => string
}

export function planReport(facts: RestoreFacts): RestorePlan {
  const { title, totals, problems, targets, notYet, nameOf, seconds, obstacles, mapped, catalogs, picks, cold } = facts
  const { files, bytes, missing, inTheWay, toCompare, outOfReach } = totals
  const exitCode = problems[0]?.exitCode ?? (outOfReach > 0 ? ERROR_CODES.COPY_MISSING.exit : 0)
  const from = [...totals.from].map(([place, count]) => ({ place: nameOf(place), files: count }))
  return {
    ok: exitCode === 0,
    exitCode,
    summary: planSummary(facts, from),
    shoot: title,
    files,
    bytes,
    missing,
    from,
    inTheWay,
    toCompare,
    outOfReach,
    seconds,
    obstacles,
    mapped,
    catalogs,
    ...(picks === undefined ? {} : { picks }),
    ...(cold === undefined ? {} : { cold }),
    targets,
    findings: [],
    warnings: [...notYetWords(notYet), ...problems.slice(1).map(inSentences)],
  }
}

function planSummary(
  { totals, targets, problems, seconds, mapped, catalogs, picks, cold }: RestoreFacts,
  from: RestorePlan['from'],
): string {
  const { files, bytes, missing, inTheWay, toCompare, outOfReach } = totals
  const first = problems[0]
  const where = targets.length === 1 ? ` to ${targets[0]?.folder ?? ''}` : ''
  const sources = from.map(({ place, files: count }) => `${count} from "${place}"`).join(', ')
  return [
    ...(first ? [inSentences(first)] : []),
    missing + inTheWay === 0
      ? `Nothing of ${files} files is missing.`
      : `${missing + inTheWay - outOfReach} of ${files} files (${inWords(bytes)}) would come back${where}: ${sources === '' ? 'none' : sources}${from.length > 0 ? `, in ${durationInWords(seconds)}` : ''}.`,
    ...mappedWords(mapped),
    ...(picks === undefined ? [] : [`${count(picks, 'file')} with a flag or stars in the catalog would come first.`]),
    ...(cold === undefined ? [] : [coldWords(cold)]),
    ...(inTheWay > 0
      ? [`${inTheWay} of them would be put beside another content that has their name; nothing is overwritten.`]
      : []),
    ...(toCompare > 0 ? [`${toCompare} are there already, by size; a restore reads them to be sure.`] : []),
    ...(outOfReach > 0 ? [`Of ${outOfReach} no copy is in reach now: connect the other drives.`] : []),
    ...catalogWords(catalogs),
  ].join(' ')
}

function slowWords(slow: readonly string[]): string {
  const names = slow.map((name) => `"${name}"`).join(' and ')
  return `${names} answered too slowly or not at all, so other places were asked instead of waiting: check ${slow.length === 1 ? 'it' : 'them'}, and the cables.`
}

function mappedWords(mapped: RestoreFacts['mapped']): string[] {
  return mapped.map(({ was, now, why }) => `What was in ${was} goes to ${now}, because ${why}.`)
}

function notYetWords(notYet: number): string[] {
  return notYet === 0 ? [] : [`${notYet} files were not known yet at that date and are not part of it`]
}

function inSentences({ message, remedy }: SafelightError): string {
  return `${message} ${remedy}`
}

/** What came of the files so far. */
export class RestoreTally {
  /** Files that are through, however it went; for the progress line. */
  done = 0
  readonly restored: string[] = []
  bytesRestored = 0
  filesThere = 0
  readonly beside: RestoreResult['beside'][number][] = []
  readonly from = new Map<string, number>()
  /** Copies that were not good where another served. */
  readonly warned: Finding[] = []
  /** Files that did not come back. */
  readonly lost: Finding[] = []
  readonly exits: number[] = []

  add(shoot: ShootRow, { wanted, away }: FilePlan, result: FileResult, nameOf: (placeId: string) => string): void {
    this.done += 1
    const { name, version } = wanted
    const at = { shoot: shoot.key, file: name }
    if (result.kind !== 'lost') {
      for (const { where, kind, why } of result.failed) {
        if (kind === 'slow') this.warned.push({ kind, place: where, ...at, message: `${why}, which served` })
        else if (kind !== 'away' && kind !== 'cold')
          this.warned.push({ kind, place: where, ...at, message: `${why}; another copy served. Run: safelight heal` })
      }
    }
    switch (result.kind) {
      case 'restored':
        this.restored.push(result.path)
        this.bytesRestored += version.sizeBytes
        this.from.set(result.from, (this.from.get(result.from) ?? 0) + 1)
        if (result.isBeside) this.beside.push({ ...at, path: result.path })
        return
      case 'there':
        this.filesThere += 1
        if (result.isBeside) this.beside.push({ ...at, path: result.path })
        return
      case 'left-alone':
        return
      case 'lost': {
        const tried = [...result.failed.map(triedInWords), ...away.map((id) => `${nameOf(id)}: not connected`)]
        const { kind, exit, words } = whyLost(away.length > 0, result.failed)
        this.exits.push(exit)
        this.lost.push({
          kind,
          place: '',
          ...at,
          message: `${words} ${tried.length === 0 ? 'No copy is known.' : tried.join('; ')}`,
        })
        return
      }
      case 'refused-by-target':
        this.exits.push(EXIT_OF_FAILURE[result.failure.kind] ?? ERROR_CODES.VOLUME_FAILING.exit)
        this.lost.push({
          kind: WORDS_OF_FAILURE[result.failure.kind]?.[0] ?? 'unwritable',
          place: 'working',
          ...at,
          message: `${WORDS_OF_FAILURE[result.failure.kind]?.[1] ?? 'It could not be written'} (${result.failure.message}).`,
        })
    }
  }
}

/** What of a file that did not come back is the best news: that it can be asked for, that it is somewhere, or that it is damaged. */
function whyLost(isPlaceAway: boolean, failed: readonly Failed[]): { kind: string; exit: number; words: string } {
  const has = (kind: Failed['kind']): boolean => failed.some((each) => each.kind === kind)
  if (has('cold'))
    return {
      kind: 'cold',
      exit: ERROR_CODES.OFFSITE_COLD.exit,
      words: 'Its copy in reach lies in cold storage and must be asked for first; nothing was written.',
    }
  const offsite = failed.find(({ kind, code }) => kind === 'away' && code !== undefined)?.code
  if (isPlaceAway || has('away') || has('slow'))
    return {
      kind: 'away',
      exit: (!isPlaceAway && offsite ? ERROR_CODES[offsite] : ERROR_CODES.VOLUME_AWAY).exit,
      words:
        'No good copy is in reach; nothing was written. Connect the drives named here, or see that the line to the bucket works.',
    }
  return {
    kind: 'lost',
    exit: (has('damaged') ? ERROR_CODES.COPY_DIFFERS : ERROR_CODES.COPY_MISSING).exit,
    words: 'No copy is good any more; nothing was written, and what is left was not touched.',
  }
}

const EXIT_OF_FAILURE: Partial<Record<Failure['kind'], number>> = {
  'name-not-storable': ERROR_CODES.NAME_NOT_STORABLE.exit,
  'link-in-the-way': ERROR_CODES.NAME_NOT_STORABLE.exit,
  'name-taken': ERROR_CODES.NAME_TAKEN.exit,
}

const WORDS_OF_FAILURE: Partial<Record<Failure['kind'], readonly [string, string]>> = {
  'name-not-storable': ['name', 'This name cannot be written there'],
  'link-in-the-way': ['name', 'Links are not followed'],
  'name-taken': ['name', 'Its name is taken there'],
  'differs-after-write': [
    'unwritable',
    'The disk gave back other bytes than had been written, three times; do not trust it',
  ],
}

export function restoreReport(
  facts: RestoreFacts & { readonly tally: RestoreTally; readonly isInterrupted: boolean },
): RestoreResult {
  const { tally, problems, notYet, isInterrupted, mapped, catalogs, cold } = facts
  const exitCode = problems[0]?.exitCode ?? (isInterrupted ? ERROR_CODES.INTERRUPTED.exit : worst(tally.exits))
  return {
    ok: exitCode === 0,
    exitCode,
    summary: resultSummary(facts),
    restored: tally.restored,
    filesRestored: tally.restored.length,
    bytesRestored: tally.bytesRestored,
    filesThere: tally.filesThere,
    mapped,
    catalogs,
    ...(cold === undefined ? {} : { cold }),
    beside: tally.beside,
    from: [...tally.from].map(([place, files]) => ({ place, files })),
    findings: [...tally.lost, ...tally.warned],
    warnings: [
      ...notYetWords(notYet),
      ...tally.beside.map(
        ({ shoot, file, path }) =>
          `${shoot}/${file} has another content where it belongs, which was left alone; the restored one is ${path}`,
      ),
      ...problems.slice(1).map(inSentences),
    ],
  }
}

function worst(exits: readonly number[]): number {
  return exits.reduce((most, exit) => Math.max(most, exit), 0)
}

function resultSummary({
  totals,
  tally,
  targets,
  problems,
  mapped,
  catalogs,
  cold,
  slow,
  isInterrupted,
}: RestoreFacts & { readonly tally: RestoreTally; readonly isInterrupted: boolean }): string {
  const { restored, filesThere, beside, lost, from } = tally
  const first = problems[0]
  const where = targets.length === 1 ? ` in ${targets[0]?.folder ?? ''}` : ''
  const sources = [...from].map(([place, files]) => (from.size === 1 ? place : `${files} from ${place}`)).join(', ')
  const isAllThere = restored.length === 0 && filesThere === totals.files && !first
  return [
    ...(first ? [inSentences(first)] : []),
    ...(isInterrupted ? ['Stopped. Run the same command again; it goes on where it stopped.'] : []),
    isAllThere
      ? `All ${filesThere} files are there already${where}, byte for byte; nothing was written.`
      : `${count(restored.length, 'file')} (${inWords(tally.bytesRestored)}) came back${where}, read back and proven${sources === '' ? '' : `, from ${sources}`}.`,
    ...(!isAllThere && filesThere > 0 ? [`${filesThere} were there already.`] : []),
    ...(beside.length > 0
      ? [`${count(beside.length, 'file')} lie beside another content of that name, which was left alone.`]
      : []),
    ...(slow.length > 0 ? [slowWords(slow)] : []),
    ...(lost.length > 0 ? [`${count(lost.length, 'file')} did NOT come back (see the list).`] : []),
    ...mappedWords(mapped),
    ...(cold === undefined ? [] : [coldWords(cold)]),
    ...catalogWords(catalogs),
  ].join(' ')
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
