// What to do next, the most urgent first: one sentence with one command each. Pure.
import type { StatusResult } from '../../shared/methods.js'

export function nextSteps(status: Omit<StatusResult, 'next'>): string[] {
  const { notProtected, places, notices = [] } = status
  const misses = (words: RegExp): boolean =>
    notProtected.some(({ missing }) => missing.some((each) => words.test(each)))
  const drives = places.filter(({ role, kind }) => kind === 'drive' && role !== 'card' && role !== 'gallery')
  const hasOffSite = places.some(({ isOffSite }) => isOffSite)
  const hasBucket = places.some(({ kind }) => kind === 'bucket')
  const away = [
    ...new Set(places.filter(({ state, kind }) => state !== 'here' && kind === 'drive').map(({ name }) => name)),
  ]
  const needs = (kind: string): boolean => notices.some((notice) => notice.kind === kind)
  return [
    ...(needs('clock')
      ? ['Set the clock of this computer right. If it is right now: safelight status --clock-is-right']
      : []),
    ...(needs('hold')
      ? ['Look whether the originals that are gone or changed are so on purpose. If so: safelight prune --release-hold']
      : []),
    ...(needs('damaged') ? ['Replace the damaged copies from good ones: safelight heal'] : []),
    ...(needs('broken-at-import')
      ? [
          'Look at the pictures that were already broken at import, and import them again from the card if it still exists',
        ]
      : []),
    ...(needs('full') ? ['Make room on the drive that is full, or add a larger one: safelight place add DRIVE'] : []),
    ...(drives.length === 0 ? ['Add a drive for the copies: safelight place add DRIVE'] : []),
    ...(misses(/second device/) && drives.length > 0
      ? ['Keep a copy on a drive of its own: connect one and run: safelight place add DRIVE']
      : []),
    ...(misses(/^an off-site copy/) && !hasOffSite
      ? ['Keep a copy off-site: safelight place add s3://BUCKET, or mark a drive that stands elsewhere as off-site']
      : []),
    ...(away.length > 0 && notProtected.length > 0
      ? [
          `Connect ${away.map((name) => `"${name}"`).join(' and ')}: what is missing there is then copied and proven by itself`,
        ]
      : []),
    ...(away.length > 0 && notProtected.length === 0 && needs('drive-wanted')
      ? [
          `Connect ${away.map((name) => `"${name}"`).join(' and ')}: it was not seen for long, and is then checked by itself`,
        ]
      : []),
    ...(misses(/fresh proof/) ? ['Prove the copies anew: safelight verify'] : []),
    ...(misses(/on their way/) && hasBucket ? ['Leave the computer on until the upload is confirmed'] : []),
    ...(needs('catalog') ? ['Look at the catalog backups: safelight catalog list'] : []),
    ...(needs('drill-overdue') ? ['Rehearse a restore: safelight drill'] : []),
  ]
}
