// What a restore says: before it starts, what it would do; at its end, what is back, where from, and what is not and why. Pure.
import { ERROR_CODES, type SafelightError } from '../errors.js'
import { inWords } from '../files/in-words.js'
import type { ShootRow } from '../journal/shoots.js'
import type { Failure } from '../engine/jobs.js'
import type { Finding, RestorePlan, RestoreResult } from '../../shared/methods.js'
import { triedInWords } from './copies.js'
import type { FilePlan, PlanTotals } from './plan.js'
import type { FileResult } from './restore-file.js'

export interface RestoreFacts {
  readonly title: string
  readonly totals: PlanTotals
  readonly problems: readonly SafelightError[]
  readonly targets: RestorePlan['targets']
  /** Files that were not known yet at the date asked for. */
  readonly notYet: number
  readonly nameOf: (placeId: string) => string
}

export function planReport({ title, totals, problems, targets, notYet, nameOf }: RestoreFacts): RestorePlan {
  const { files, bytes, missing, inTheWay, toCompare, outOfReach } = totals
  const exitCode = problems[0]?.exitCode ?? (outOfReach > 0 ? ERROR_CODES.COPY_MISSING.exit : 0)
  const from = [...totals.from].map(([place, count]) => ({ place: nameOf(place), files: count }))
  return {
    ok: exitCode === 0,
    exitCode,
    summary: planSummary(totals, from, targets, problems),
    shoot: title,
    files,
    bytes,
    missing,
    from,
    inTheWay,
    toCompare,
    outOfReach,
    targets,
    findings: [],
    warnings: [...notYetWords(notYet), ...problems.slice(1).map(inSentences)],
  }
}

function planSummary(
  { files, bytes, missing, inTheWay, toCompare, outOfReach }: PlanTotals,
  from: RestorePlan['from'],
  targets: RestorePlan['targets'],
  problems: readonly SafelightError[],
): string {
  const first = problems[0]
  const where = targets.length === 1 ? ` to ${targets[0]?.folder ?? ''}` : ''
  const sources = from.map(({ place, files: count }) => `${count} from "${place}"`).join(', ')
  return [
    ...(first ? [inSentences(first)] : []),
    missing + inTheWay === 0
      ? `Nothing of ${files} files is missing.`
      : `${missing + inTheWay - outOfReach} of ${files} files (${inWords(bytes)}) would come back${where}: ${sources === '' ? 'none' : sources}.`,
    ...(inTheWay > 0
      ? [`${inTheWay} of them would be put beside another content that has their name; nothing is overwritten.`]
      : []),
    ...(toCompare > 0 ? [`${toCompare} are there already, by size; a restore reads them to be sure.`] : []),
    ...(outOfReach > 0 ? [`Of ${outOfReach} no copy is in reach now: connect the other drives.`] : []),
  ].join(' ')
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
        if (kind !== 'away')
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
        const isDamaged = result.failed.some((each) => each.kind === 'damaged')
        const isAway = away.length > 0 || result.failed.some((each) => each.kind === 'away')
        this.exits.push(
          (isAway ? ERROR_CODES.VOLUME_AWAY : isDamaged ? ERROR_CODES.COPY_DIFFERS : ERROR_CODES.COPY_MISSING).exit,
        )
        const words = isAway
          ? 'No good copy is in reach; nothing was written. Connect the drives named here.'
          : 'No copy is good any more; nothing was written, and what is left was not touched.'
        this.lost.push({
          kind: isAway ? 'away' : 'lost',
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
  const { tally, problems, notYet, isInterrupted } = facts
  const exitCode = problems[0]?.exitCode ?? (isInterrupted ? ERROR_CODES.INTERRUPTED.exit : worst(tally.exits))
  return {
    ok: exitCode === 0,
    exitCode,
    summary: resultSummary(facts),
    restored: tally.restored,
    filesRestored: tally.restored.length,
    bytesRestored: tally.bytesRestored,
    filesThere: tally.filesThere,
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
    ...(lost.length > 0 ? [`${count(lost.length, 'file')} did NOT come back (see the list).`] : []),
  ].join(' ')
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
