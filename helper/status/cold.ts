// What is said of restores that wait for cold storage: how far they are, that they are back, or that they are not going to be. Pure.
import { inWords } from '../files/in-words.js'
import type { ColdRestore, Notice, StatusResult } from '../../shared/methods.js'
import { DAY_MS } from './policy.js'
import { short } from './short.js'

/** What is back is told for a day; what is not, until it is shown no more. */
export function coldNotices({ fromCold = [] }: StatusResult, nowMs: number): Notice[] {
  return fromCold.flatMap(({ what, to = '', state, endedAt }): Notice[] => {
    const base = { kind: 'cold', subject: to === '' ? what : `${what} → ${to}` } as const
    if (state === 'done' && endedAt !== undefined && nowMs - Date.parse(endedAt) < DAY_MS)
      return [{ ...base, severity: 'news', message: `"${short(what)}" is back from cold storage, read and proven.` }]
    if (state !== 'ended') return []
    const message = `"${short(what)}" did not all come back from cold storage. See: safelight status. Ask again: safelight restore, with --thaw`
    return [{ ...base, severity: 'amber', message }]
  })
}

/** For a terminal. */
export function coldLines({ fromCold = [], helper }: StatusResult): string[] {
  return fromCold.map((each) => `  From cold storage: ${coldRestoreWords(each, helper)}`)
}

export function coldRestoreWords(each: ColdRestore, helper: StatusResult['helper']): string {
  const { what, to, files, bytes } = each
  const where = to === undefined ? '' : ` to ${to}`
  return `${files} file${files === 1 ? '' : 's'} (${inWords(bytes)}) of "${what}"${where}: ${stateWords(each, helper)}`
}

function stateWords({ state, askedAt, readyAt, endedAt, said }: ColdRestore, helper: StatusResult['helper']): string {
  if (state === 'done') return `back since ${minute(endedAt ?? '')}.`
  if (state === 'ended') return `given up on ${minute(endedAt ?? '')}. ${said}`
  const asked = state === 'asking' ? 'not all of it asked for yet' : `asked for ${minute(askedAt)}`
  const then =
    helper === 'running' ? 'it comes back by itself then' : 'no helper runs that would bring it: safelight start'
  return `${asked}; can be read about ${minute(readyAt)}; ${then}.${said === '' ? '' : ` Last try: ${said}`}`
}

function minute(at: string): string {
  return `${at.slice(0, 16).replace('T', ' ')} UTC`
}
