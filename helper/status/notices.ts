// What is to be told, read off a status: each condition that somebody should do something about, in at most 25 words that say what to do.
// Pure, and silent when all is well. When and by which way it is told is notify.ts.
import type { Notice, StatusResult } from '../../shared/methods.js'
import { brokenNotices } from './broken.js'
import { coldNotices } from './cold.js'
import { DAY_MS } from './policy.js'
import { REASON_WORDS, short } from './short.js'

/** What the status alone does not say. */
export interface NoticeFacts {
  readonly nowMs: number
  /** Imported photos that are proven nowhere, by reason. */
  readonly owed: readonly { readonly why: string; readonly files: number }[]
  /** Shoots with files at a place, by the place's id. */
  readonly shootsAt: (placeId: string) => readonly string[]
  readonly isClockSetBack: boolean
  /** How long nobody was at work before this helper started; 0 when that is usual. */
  readonly silentMs: number
}

export function noticesOf(status: StatusResult, facts: NoticeFacts): Notice[] {
  return [
    ...(facts.isClockSetBack ? [CLOCK] : []),
    ...holdNotices(status),
    ...damageNotices(status),
    ...roomNotices(status),
    ...owedNotices(facts),
    ...catalogNotices(status),
    ...brokenNotices(status, facts.nowMs),
    ...drillNotices(status),
    ...lapseNotices(status),
    ...driveNotices(status, facts),
    ...silenceNotices(facts),
    ...coldNotices(status, facts.nowMs),
  ].sort((a, b) => GRAVITY[b.severity] - GRAVITY[a.severity])
}

const GRAVITY: Readonly<Record<Notice['severity'], number>> = { red: 2, amber: 1, news: 0 }

/** How long the helper may be away before that is said. */
export const SILENCE_MS = 2 * DAY_MS

const CLOCK: Notice = {
  kind: 'clock',
  severity: 'red',
  subject: '',
  message:
    'The clock was set back, so nothing can be dated. Set it right; if it is right now, run: safelight status --clock-is-right',
}

function holdNotices({ hold }: StatusResult): Notice[] {
  if (!hold) return []
  const message = `${hold.gone} originals are gone and ${hold.changed} changed at once. Every copy is kept. If on purpose, run: safelight prune --release-hold`
  return [{ kind: 'hold', severity: 'red', subject: '', message }]
}

const DAMAGED = /^(\d+) damaged /

function damageNotices({ notProtected }: StatusResult): Notice[] {
  return notProtected.flatMap(({ id, missing }): Notice[] => {
    const count = missing.reduce((sum, words) => sum + Number(DAMAGED.exec(words)?.[1] ?? 0), 0)
    if (count === 0) return []
    const message = `${count} damaged cop${count === 1 ? 'y' : 'ies'} in "${short(id)}". Run: safelight heal. Good copies elsewhere are not touched.`
    return [{ kind: 'damaged', severity: 'red', subject: id, message }]
  })
}

/** Below this nothing sensible can be copied any more. */
const FULL_BYTES = 1_000_000_000
const FULL_SHARE = 0.01

function roomNotices({ places }: StatusResult): Notice[] {
  return places.flatMap(({ name, kind, freeBytes, totalBytes = 0, needed30DaysBytes = 0 }): Notice[] => {
    const isBucket = kind === 'bucket'
    if (freeBytes === undefined) return []
    const base = { kind: 'full', subject: name } as const
    if (freeBytes < Math.min(FULL_BYTES, totalBytes * FULL_SHARE))
      return [
        {
          ...base,
          severity: 'red',
          message: isBucket
            ? `"${short(name)}" has reached what is allowed there. Raise it at the provider, then say so: safelight place add, with --quota`
            : `"${short(name)}" is full. Make room on it, or add a larger drive: safelight place add DRIVE`,
        },
      ]
    if (freeBytes >= needed30DaysBytes) return []
    return [
      {
        ...base,
        severity: 'amber',
        message: isBucket
          ? `"${short(name)}" reaches what is allowed there within 30 days. Raise it at the provider, then: safelight place add, with --quota`
          : `"${short(name)}" will be full within 30 days. Make room, or add a larger drive: safelight place add DRIVE`,
      },
    ]
  })
}

const AWAY = /not connected|no drive for copies/

function owedNotices({ owed }: NoticeFacts): Notice[] {
  const total = (rows: NoticeFacts['owed']): number => rows.reduce((sum, { files }) => sum + files, 0)
  const away = owed.filter(({ why }) => AWAY.test(why))
  const failed = owed.filter(({ why }) => why !== '' && !AWAY.test(why))
  return [
    ...(away.length === 0
      ? []
      : ([
          {
            kind: 'drive-wanted',
            severity: 'amber',
            subject: 'imports',
            message: `${photos(total(away))} not copied yet: ${short(away[0]?.why ?? '', REASON_WORDS)}. Connect the drive; copying starts by itself.`,
          },
        ] as const)),
    ...(failed.length === 0
      ? []
      : ([
          {
            kind: 'failed',
            severity: 'red',
            subject: 'imports',
            message: `${photos(total(failed))} could not be copied: ${short(failed[0]?.why ?? '', REASON_WORDS)}. See: safelight status`,
          },
        ] as const)),
  ]
}

function photos(count: number): string {
  return `${count} imported photo${count === 1 ? '' : 's'}`
}

function catalogNotices({ catalogs }: StatusResult): Notice[] {
  return catalogs.flatMap(({ name, judgement, lastBackupAt }): Notice[] => {
    const base = { kind: 'catalog', subject: name } as const
    if (judgement === 'suspect' || judgement === 'bad')
      return [
        {
          ...base,
          severity: 'red',
          message: `The newest backup of catalog "${short(name)}" is ${judgement}. Earlier ones are kept. See: safelight catalog list`,
        },
      ]
    if (lastBackupAt !== undefined) return []
    return [
      {
        ...base,
        severity: 'amber',
        message: `Catalog "${short(name)}" has no backup yet. Quit Lightroom with a backup drive connected; it is then made by itself.`,
      },
    ]
  })
}

function drillNotices({ drill }: StatusResult): Notice[] {
  if (!drill || drill.state === 'fresh' || drill.state === 'not due') return []
  if (drill.state === 'failed')
    return [
      {
        kind: 'drill-overdue',
        severity: 'red',
        subject: 'failed',
        message:
          'The last rehearsed restore found errors. Run: safelight verify, then: safelight heal, then: safelight drill',
      },
    ]
  const last =
    drill.at === undefined
      ? 'No restore was ever rehearsed'
      : `The last rehearsed restore was on ${drill.at.slice(0, 10)}`
  return [
    {
      kind: 'drill-overdue',
      severity: drill.state === 'red' ? 'red' : 'amber',
      subject: '',
      message: `${last}. Run: safelight drill. Any connected drive, or the bucket, will do.`,
    },
  ]
}

const LAPSED = /^a fresh proof of the copies (.*)$/

/** One for each place whose proofs have run out, however many shoots that touches. */
function lapseNotices({ notProtected }: StatusResult): Notice[] {
  const byPlace = new Map<string, number>()
  for (const { missing } of notProtected)
    for (const words of missing) {
      const where = LAPSED.exec(words)?.[1]
      if (where !== undefined) byPlace.set(where, (byPlace.get(where) ?? 0) + 1)
    }
  return [...byPlace].map(([where, shoots]) => ({
    kind: 'not-protected',
    severity: 'amber',
    subject: where,
    message: `The copies ${short(where, REASON_WORDS)} were not proven for too long (${shoots} shoot${shoots === 1 ? '' : 's'}). Connect it and run: safelight verify`,
  }))
}

function driveNotices({ places, bestBefore }: StatusResult, { nowMs, shootsAt }: NoticeFacts): Notice[] {
  const days = bestBefore?.driveSeenDays ?? Number.POSITIVE_INFINITY
  return places.flatMap(({ id, name, kind, state, lastSeenAt }): Notice[] => {
    if (kind !== 'drive' || state === 'here' || lastSeenAt === undefined) return []
    const ageDays = Math.floor((nowMs - Date.parse(lastSeenAt)) / DAY_MS)
    if (ageDays < days) return []
    const shoots = shootsAt(id)
    const at =
      shoots.length === 0
        ? ''
        : ` It holds ${short(shoots[0] ?? '')}${shoots.length === 1 ? '' : ` and ${shoots.length - 1} more`}.`
    const message = `"${short(name)}" was not seen for ${ageDays} days.${at} Connect it; nothing expires by that alone.`
    return [{ kind: 'drive-wanted', severity: 'amber', subject: name, message }]
  })
}

function silenceNotices({ silentMs }: NoticeFacts): Notice[] {
  if (silentMs < SILENCE_MS) return []
  const days = Math.floor(silentMs / DAY_MS)
  const message = `Safelight was not running for ${days} days; nothing was backed up meanwhile. It is catching up. Keep it running: safelight service install`
  return [{ kind: 'silence', severity: 'amber', subject: '', message }]
}
