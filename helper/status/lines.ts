// A status for a terminal: five lines when all is well; else what is not, why, and what to do next. Pure.
import { inWords } from '../files/in-words.js'
import type { FileStory, Place, ScoreDigit, StatusResult, StudioMachine } from '../../shared/methods.js'
import { brokenLines } from './broken.js'
import { coldLines } from './cold.js'
import { costWords } from './cost-words.js'
import { forecastWords } from './forecast.js'

const SHOOTS_SHOWN = 30

/** Without the summary, which is printed first. */
export function statusLines(status: StatusResult): string[] {
  return status.verdict === 'protected' && (status.notices ?? []).every(({ severity }) => severity === 'news')
    ? wellLines(status)
    : openLines(status)
}

function wellLines(status: StatusResult): string[] {
  return [
    `  Score: ${(status.score ?? []).map(digitWords).join(' · ')}`,
    `  ${files(status)} proven${since(status)}; good until ${day(status.validUntil)} even if nothing is proven anew.`,
    `  Catalogs: ${status.catalogs.length === 0 ? 'none is known' : status.catalogs.map(({ name, lastBackupAt }) => `${name}, backed up ${day(lastBackupAt)}`).join(' · ')}. Places: ${status.places.map(({ name, state }) => `${name}${state === 'here' ? '' : ' (not connected)'}`).join(' · ')}.`,
    ...brokenLines(status),
    ...coldLines(status),
    `  ${helperWords(status)} As of ${moment(status.asOf)}.`,
  ]
}

function openLines(status: StatusResult): string[] {
  const { shoots, notProtected, catalogs, places, notices = [], next = [], drill } = status
  const { protected: safe, partly, atRisk, unknown } = shoots
  const counts = [
    `${safe} protected`,
    `${partly} partly`,
    `${atRisk} at risk`,
    ...(unknown > 0 ? [`${unknown} unknown`] : []),
  ]
  const list = notProtected
    .slice(0, SHOOTS_SHOWN)
    .map(({ id, verdict, missing }) => `  ${verdict.padEnd(8)} ${id}: missing ${missing.join(', ')}`)
  const more = notProtected.length - SHOOTS_SHOWN
  return [
    `  Shoots: ${counts.join(', ')}. ${files(status)}.`,
    ...list,
    ...(more > 0 ? [`  … and ${more} more; --json lists all of them`] : []),
    ...notices.map(({ severity, message }) => `  ${MARKS[severity]} ${message}`),
    ...((status.score ?? []).length === 0 ? [] : [`  Score: ${(status.score ?? []).map(digitWords).join(' · ')}`]),
    ...catalogs.map(catalogLine),
    ...places.map(placeLine),
    ...brokenLines(status),
    ...coldLines(status),
    ...(drill
      ? [
          `  Rehearsed restore: ${drill.at === undefined ? 'none yet' : `last on ${day(drill.at)}`}, next due by ${day(drill.due)}.`,
        ]
      : []),
    `  ${helperWords(status)}`,
    ...next.map((step, index) => `  ${index === 0 ? 'Next: ' : '      '}${step}`),
    `  As of ${status.asOf}.`,
  ]
}

const MARKS = { red: 'RED  ', amber: 'MIND ', news: 'NEWS ' } as const

function files({ files: count = 0, bytes = 0, shoots }: StatusResult): string {
  const total = shoots.protected + shoots.partly + shoots.atRisk + shoots.unknown
  return `${count} file${count === 1 ? '' : 's'} (${inWords(bytes)}) in ${total} shoot${total === 1 ? '' : 's'}`
}

function since({ provenAt }: StatusResult): string {
  return provenAt === undefined ? '' : `, the oldest proof of ${day(provenAt)}`
}

function helperWords({ helper }: StatusResult): string {
  return helper === 'running'
    ? 'The helper is running.'
    : 'The helper is not running: nothing is backed up by itself until it is (safelight start).'
}

const RULES: Readonly<Record<ScoreDigit['rule'], string>> = {
  copies: 'copies',
  media: 'media',
  'off-site': 'off-site',
  extra: 'locked or unplugged',
  errors: 'known errors',
}

function digitWords({ rule, wanted, have, isMet, provenAt, how }: ScoreDigit): string {
  const proof = provenAt === undefined ? '' : ` (${day(provenAt)}${how === undefined ? '' : `, ${how}`})`
  return `${have ?? '?'}${isMet ? '' : ` of ${wanted}`} ${RULES[rule]}${proof}`
}

function catalogLine({
  name,
  lastBackupAt,
  judgement,
  owed,
  missing = [],
  warnings = [],
}: StatusResult['catalogs'][number]): string {
  const last = lastBackupAt === undefined ? 'not backed up yet' : `backed up ${lastBackupAt}, ${judgement ?? 'unknown'}`
  const due = owed === undefined ? '' : `; a new backup is due: ${owed}`
  const short = missing.length === 0 ? '' : `; missing ${missing.join(', ')}`
  return [`  Catalog "${name}": ${last}${due}${short}`, ...warnings.map((warning) => `    WARNING  ${warning}`)].join(
    '\n',
  )
}

export function placeLine({ name, state, path, freeBytes, lastSeenAt, warnings, isOffSite, bucket }: Place): string {
  const where = bucket
    ? path
    : state === 'here'
      ? `connected at ${path}`
      : state === 'away'
        ? `not connected (last seen ${lastSeenAt ?? 'never'})`
        : `another drive is at ${path}`
  const room = freeBytes === undefined ? '' : `, ${inWords(freeBytes)} free`
  const off = isOffSite === true ? ', off-site' : ''
  const lines = [...(bucket ? bucketLines(bucket) : []), ...warnings.map((warning) => `    WARNING  ${warning}`)]
  return [`  Place "${name}"${off}: ${where}${room}`, ...lines].join('\n')
}

/** What is confirmed there, what is on its way, and what stands in the way. */
function bucketLines(bucket: NonNullable<Place['bucket']>): string[] {
  const {
    objects,
    bytes,
    waitingFiles,
    waitingBytes,
    lock,
    encrypted,
    hidesNames,
    costs,
    quotaBytes,
    forecast,
    trouble,
    nextTryAt,
  } = bucket
  const kinds = [
    ...(encrypted ? [hidesNames ? 'encrypted, names hidden' : 'encrypted'] : []),
    ...(lock ? [`locked for ${lock.days} days (${lock.mode})`] : []),
  ]
  const waiting =
    waitingFiles === 0
      ? 'nothing waits'
      : `${waitingFiles} file${waitingFiles === 1 ? '' : 's'} (${inWords(waitingBytes)}) not confirmed there yet`
  const next = nextTryAt === undefined ? '' : ` Next try ${nextTryAt}.`
  return [
    `    ${[`${objects} objects (${inWords(bytes)}) confirmed`, ...kinds, waiting].join(', ')}`,
    ...(costs === undefined ? [] : [`    ${costWords(costs)}`]),
    ...(forecast === undefined ? [] : [`    ${forecastWords(forecast, quotaBytes)}`]),
    ...(trouble === undefined ? [] : [`    WAITS    ${trouble}${next}`]),
  ]
}

/** One computer of a studio. */
export function machineLine({
  host,
  folder,
  verdict,
  why,
  asOf,
  shoots,
  files = 0,
  bytes = 0,
  notices = [],
}: StudioMachine): string {
  const open = shoots === undefined ? 0 : shoots.partly + shoots.atRisk + shoots.unknown
  const facts = [
    ...(why === undefined ? [] : [why]),
    ...(files === 0 ? [] : [`${files} files (${inWords(bytes)})`]),
    ...(open === 0 ? [] : [`${open} shoot${open === 1 ? '' : 's'} not fully protected`]),
    ...(notices.length === 0 ? [] : [`to be looked at: ${notices.join(', ')}`]),
    ...(asOf === undefined ? [] : [`as of ${moment(asOf)}`]),
  ]
  return `  ${verdict.padEnd(9)} ${host} (${folder}): ${facts.join('; ')}`
}

/** Where one file is, when and how that was proven. */
export function storyLines({ versions, score, validUntil, goneAt }: FileStory): string[] {
  return [
    `  Score: ${score.map(digitWords).join(' · ')}`,
    ...(validUntil === undefined ? [] : [`  Good until ${day(validUntil)} even if nothing is proven anew.`]),
    ...(goneAt === undefined ? [] : [`  The original is gone since ${day(goneAt)}.`]),
    ...versions.flatMap(({ hash, bytes, modifiedAt, copies }, index) => [
      `  ${index === 0 ? 'Content' : 'Earlier content'} of ${day(modifiedAt)}, ${inWords(bytes)}, BLAKE3 ${hash}`,
      ...copies.map(({ place, state, path, provenAt, how, why, isOffSite }) => {
        const proof = provenAt === undefined ? '' : `, proven ${moment(provenAt)} (${how ?? 'unknown'})`
        return `    ${place === 'working' ? 'original' : place}${isOffSite ? ', off-site' : ''}: ${state}${proof}${path === '' ? '' : `, ${path}`}${why === undefined ? '' : `; does not count: ${why}`}`
      }),
    ]),
  ]
}

function day(iso: string | undefined): string {
  return iso?.slice(0, 10) ?? 'never'
}

function moment(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`
}
