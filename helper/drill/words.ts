// What a drill says at its end, and why it could not be held. Pure.
import { ERROR_CODES, SafelightError } from '../errors.js'
import { inWords } from '../files/in-words.js'
import type { DrillReport, Finding } from '../../shared/methods.js'

export function exitCodeOf(findings: readonly Finding[]): number {
  const isMissing = findings.some(({ kind }) => kind === 'missing')
  return (isMissing ? ERROR_CODES.COPY_MISSING : ERROR_CODES.COPY_DIFFERS).exit
}

export function summaryOf({
  shoot,
  place,
  files,
  bytes,
  identical,
  opened,
  findings,
  tookSeconds,
}: DrillReport): string {
  const came = `${identical} of ${files} files (${inWords(bytes)}) of ${shoot} came back from "${place}" as they were first read`
  const pictures = opened.raws + opened.pictures
  const seen = `${pictures} picture${pictures === 1 ? '' : 's'}${opened.videos > 0 ? `, ${opened.videos} video` : ''}${opened.catalog === undefined ? '' : ' and the catalog'} opened`
  const edits = opened.edits > 0 ? `, edits found for ${opened.edits}` : ''
  const said = `${came}; ${seen}${edits}. It took ${tookSeconds < 90 ? `${tookSeconds} seconds` : `${Math.round(tookSeconds / 60)} minutes`}`
  const [first] = findings
  return first
    ? `The drill found ${findings.length} error${findings.length === 1 ? '' : 's'}: ${said}. First: ${[first.file, first.message].filter((part) => part !== '').join(': ')}.`
    : `The drill went well, errors: 0. ${said}.`
}

export function nothingToDrill(shoot: string | undefined, hasPlaces: boolean): SafelightError {
  if (!hasPlaces)
    return new SafelightError('VOLUME_AWAY', {
      message: 'No place is connected that could be restored from. No drill was held.',
      remedy: 'Connect a backup drive, or add a bucket (safelight place add s3://…), and run the same command again.',
    })
  return new SafelightError('NOTHING_TO_BACK_UP', {
    message: `${shoot === undefined ? 'No shoot' : `"${shoot}"`} has no proven copy at a place that is connected. No drill was held.`,
    remedy: 'Back something up first, or connect the drive that has it.',
  })
}

export function noRoom(folder: string): SafelightError {
  return new SafelightError('VOLUME_FULL', {
    message: `There is no room for a drill at ${folder}. No drill was held.`,
    remedy: 'Make room on that disk and run the same command again.',
  })
}

export function interrupted(): SafelightError {
  return new SafelightError('INTERRUPTED', {
    message: 'The drill was stopped; it does not count.',
    remedy: 'Run it again: safelight drill',
  })
}
