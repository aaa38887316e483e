// What to do next, from the status alone and in the order of what is at stake. Pure. It names drives and shoots, never an opinion: a helper
// that works by itself leaves this list empty.
import type { StatusResult } from '../../../shared/methods.js'
import { countWords } from './words.js'

export interface Next {
  readonly text: string
  readonly button?: string
  readonly act?: 'set-up' | 'heal' | 'verify' | 'add-drive' | 'add-offsite'
}

const AWAY_TOO_LONG_MS = 30 * 24 * 60 * 60 * 1000

export function nextSteps(status: StatusResult): Next[] {
  const { places, notProtected } = status
  const drives = places.filter(({ kind }) => kind === 'drive')
  if (drives.length === 0)
    return [{ text: 'Tell Safelight which drive the copies go to.', button: 'Set up', act: 'set-up' }]
  const missing = notProtected.flatMap((shoot) => shoot.missing)
  return [
    ...damaged(missing),
    ...drives.flatMap(unplugged(status)),
    ...full(status),
    ...offSite(status, missing),
    ...catalogs(status),
    ...proofs(missing),
    ...secondDrive(drives.length, missing),
  ]
}

function damaged(missing: readonly string[]): Next[] {
  const count = missing.filter((each) => /\bdamaged\b/.test(each)).length
  if (count === 0) return []
  return [
    {
      text: `Copies are damaged in ${countWords(count, 'shoot')}. Good ones can take their place.`,
      button: 'Show what would be healed',
      act: 'heal',
    },
  ]
}

function unplugged({ asOf }: StatusResult): (drive: StatusResult['places'][number]) => Next[] {
  return ({ name, state, lastSeenAt }) => {
    if (state === 'replaced')
      return [{ text: `Another drive is connected where ${name} was. Connect ${name}; nothing is written to the other one.` }]
    if (state !== 'away') return []
    const days = lastSeenAt === undefined ? undefined : Math.floor((Date.parse(asOf) - Date.parse(lastSeenAt)) / 86_400_000)
    if (days === undefined || days * 86_400_000 < AWAY_TOO_LONG_MS)
      return [{ text: `Connect ${name} when you are back at it. Copies go on by themselves then.` }]
    return [{ text: `Connect ${name}: it has not been seen for ${days} days, and its copies are no longer counted on.` }]
  }
}

/** Less than this share of a drive free, or this many bytes. */
const LOW_SHARE = 0.03
const LOW_BYTES = 20e9

function full({ places }: StatusResult): Next[] {
  return places.flatMap(({ name, freeBytes, totalBytes }) =>
    freeBytes !== undefined && totalBytes !== undefined && freeBytes < Math.min(LOW_BYTES, totalBytes * LOW_SHARE)
      ? [{ text: `${name} is nearly full. Add a larger drive before it is.`, button: 'Add a drive', act: 'add-drive' as const }]
      : [],
  )
}

function offSite({ places }: StatusResult, missing: readonly string[]): Next[] {
  const isWanted = missing.some((each) => /off-site/.test(each))
  if (!isWanted || places.some(({ kind }) => kind === 'bucket')) return []
  return [
    {
      text: 'Add a place off-site: fire, theft or a flood takes the computer and the drive beside it together.',
      button: 'Add off-site',
      act: 'add-offsite',
    },
  ]
}

function catalogs({ catalogs: all }: StatusResult): Next[] {
  return all.flatMap(({ name, lastBackupAt, owed, judgement }) => {
    if (owed !== undefined) return [{ text: `The catalog ${name} is to be backed up: ${owed}.` }]
    if (lastBackupAt === undefined) return [{ text: `The catalog ${name} is not backed up yet. Close Lightroom, and it will be.` }]
    if (judgement === 'bad' || judgement === 'suspect')
      return [{ text: `The newest backup of the catalog ${name} is ${judgement}. Open it in Lightroom and check it.` }]
    return []
  })
}

function proofs(missing: readonly string[]): Next[] {
  return missing.some((each) => /fresh proof|not verified/.test(each))
    ? [{ text: 'Some copies have not been read for too long, or not yet.', button: 'Verify them now', act: 'verify' }]
    : []
}

function secondDrive(drives: number, missing: readonly string[]): Next[] {
  const isWanted = missing.some((each) => /second device/.test(each))
  return isWanted && drives > 0
    ? [{ text: 'Keep the copies on a drive of their own: two places on one disk are lost together.', button: 'Add a drive', act: 'add-drive' }]
    : []
}
