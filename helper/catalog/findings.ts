// What a check found, in the few lines that matter: one per kind, with the number, an example and the command that mends it. Pure.
import type { CheckFinding, CheckResult, FindingKind } from './check-terms.js'

export interface FindingSummary {
  readonly kind: FindingKind
  readonly count: number
  readonly message: string
  /** The command, or the sentence when there is no command for it. */
  readonly mend: string
}

/** Gravest first. */
const ORDER: readonly FindingKind[] = [
  'damaged',
  'missing',
  'unreadable',
  'size-differs-from-import',
  'not-in-any-place',
  'only-one-copy',
  'unsure',
  'must-be-read',
  'edited',
]

const SENTENCES: Readonly<Record<FindingKind, (count: string) => string>> = {
  damaged: (count) => `${count} damaged: the bytes are not what they were, and Lightroom did not change them`,
  missing: (count) => `${count} missing from where the catalog expects them`,
  unreadable: (count) => `${count} could not be read`,
  'size-differs-from-import': (count) => `${count} do not have the size they were imported with`,
  'not-in-any-place': (count) => `${count} in no place yet: the original is all there is`,
  'only-one-copy': (count) => `${count} with one verified copy only`,
  unsure: (count) => `${count} changed, and it is unsure whether by an edit or by damage`,
  'must-be-read': (count) => `${count} changed in date and were not read within the budget`,
  edited: (count) => `${count} edited since the last backup`,
}

export function summariseFindings(result: Pick<CheckResult, 'findings'>): FindingSummary[] {
  return ORDER.flatMap((kind) => {
    const of = result.findings.filter((finding) => finding.kind === kind)
    const first = of[0]
    if (!first) return []
    const files = of.length === 1 ? '1 file' : `${of.length} files`
    const message = `${SENTENCES[kind](files)}, such as ${first.file}.`
    return [{ kind, count: of.length, message, mend: mendFor(kind, shootsOf(of)) }]
  })
}

/** @param shoots  of the findings of this kind */
export function mendFor(kind: FindingKind, shoots: readonly string[]): string {
  const shoot = shoots.length === 1 ? ` "${shoots[0] ?? ''}"` : ''
  switch (kind) {
    case 'damaged':
      return `safelight heal${shoot}`
    case 'missing':
      return shoot === '' ? 'safelight restore --all' : `safelight restore${shoot}`
    case 'unreadable':
      return 'Check the drive that they lie on; it may be failing.'
    case 'size-differs-from-import':
      return `safelight verify${shoot}`
    case 'not-in-any-place':
    case 'edited':
      return 'safelight backup, with the folders named above'
    case 'only-one-copy':
      return 'safelight place add DIR'
    case 'unsure':
      return 'Look at them. Their earlier content is kept: safelight restore puts it beside them.'
    case 'must-be-read':
      return 'Run the check again: it goes on where it stopped.'
  }
}

function shootsOf(findings: readonly CheckFinding[]): string[] {
  return [...new Set(findings.map(({ shoot }) => shoot))]
}
