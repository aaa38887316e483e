// What a heal writes down about one copy, in the log beside it and in the journal: it was good, nothing can be done, it was made again, or it
// went to Quarantine and nothing took its place.
import type { Failure, ReadMethod } from '../engine/jobs.js'
import { deviceOf } from '../engine/record-draft.js'
import { dropCopyAt, saveCopy, setCopyState, type CopyRow } from '../journal/files.js'
import { addStep } from '../journal/steps.js'
import type { PastVersion } from '../journal/history.js'
import { modifiedAt, type LogEvent } from '../manifest/log.js'
import type { FileStat, Hash } from '../model.js'
import { triedInWords, type Failed } from './copies.js'
import type { HealRun, Suspect, Trouble } from './heal-run.js'
import type { Came } from './heal-source.js'

/** What is to be written down about one copy. */
export interface Result {
  readonly events: readonly LogEvent[]
  readonly record: () => void
}

/** What had the name of a copy that is made again. */
export interface Aside {
  /** Below the shoot's folder. */
  readonly to: string
  /** A good copy of an earlier content; else it was bad. */
  readonly earlier: Earlier | undefined
}

/** An earlier content of the same file, and its copy here. */
export interface Earlier {
  readonly version: PastVersion
  readonly copy: CopyRow
}

export const NOTHING: Result = { events: [], record: () => undefined }

export function foundGood(
  run: HealRun,
  suspect: Suspect,
  read: { hash: Hash; how: ReadMethod; stat: FileStat },
): Result {
  const { journal, clock } = run.engine.deps
  run.tally.good += 1
  return {
    events: [{ event: 'verified', ...common(run, suspect), copyHash: read.hash, read: read.how }],
    record: () => saveCopy(journal, provenCopy(suspect, read.stat, 'verified', clock(), read.how)),
  }
}

/** An earlier content lies in Versions, and where it was there is nothing or the newest: nothing has to be made again.
 *  @param kept  what lies in Versions, read and good */
export function foundReplaced(
  run: HealRun,
  suspect: Suspect,
  newest: PastVersion,
  { hash, how, stat }: Trouble,
  kept: CopyRow,
): Result {
  const { journal, clock } = run.engine.deps
  const { shoot, place, file, copy } = suspect
  const there: Suspect = { ...suspect, version: newest, copy: { ...copy, versionId: newest.id } }
  const adopted = hash === undefined || how === undefined || stat === undefined ? undefined : { hash, how, stat }
  run.tally.good += 1
  return withKept(run, suspect, kept, {
    events: adopted
      ? [
          {
            event: 'adopted',
            ...common(run, there),
            bytes: newest.sizeBytes,
            modified: modifiedAt(newest.mtimeMs > 0 ? newest.mtimeMs : adopted.stat.mtimeMs),
            copyHash: adopted.hash,
            read: adopted.how,
            by: run.engine.deps.hash.name,
          },
        ]
      : [],
    record: () => {
      dropCopyAt(journal, file.id, place.id, copy.path)
      if (adopted) saveCopy(journal, provenCopy(there, adopted.stat, 'verified', clock(), adopted.how))
      addStep(journal, { kind: 'seal', shootId: shoot.id, placeId: place.id, payload: '' }, clock())
    },
  })
}

export function foundHopeless(
  run: HealRun,
  suspect: Suspect,
  { was, why, hash, how }: Trouble,
  failed: readonly Failed[],
  more = '',
): Result {
  const { shoot, place, file, copy } = suspect
  const tried = failed.length === 0 ? 'No other copy is known.' : failed.map(triedInWords).join('; ')
  run.engine.find({
    kind: was,
    place: place.name,
    shoot: shoot.key,
    file: copy.path,
    message: `${why}; ${more === '' ? 'no copy in reach matches the reference' : more}, so nothing was touched. ${tried}`,
  })
  if (copy.state === was) return NOTHING
  const proof = hash === undefined || how === undefined ? { why } : { copyHash: hash, read: how }
  return {
    events: [{ event: was, ...common(run, suspect), ...proof, file: file.name }],
    record: () => {
      if (was !== 'unreadable') setCopyState(run.engine.deps.journal, copy, was)
    },
  }
}

export function done(
  run: HealRun,
  suspect: Suspect,
  trouble: Trouble,
  came: Extract<Came, { kind: 'copied' }>,
  aside: Aside | undefined,
): Result {
  const { journal, clock, hash } = run.engine.deps
  const { shoot, place, file, version, copy } = suspect
  const steps = { shootId: shoot.id, placeId: place.id, payload: '' }
  const { device, ...facts } = common(run, suspect)
  const movedAside = came.movedOld ? aside : undefined
  return {
    events: [
      ...asideEvents(run, suspect, trouble, movedAside),
      {
        event: 'copied',
        ...facts,
        bytes: version.sizeBytes,
        modified: modifiedAt(version.mtimeMs > 0 ? version.mtimeMs : came.stat.mtimeMs),
        copyHash: came.hash,
        read: came.how,
        device,
        by: hash.name,
      },
    ],
    record: () => {
      dropCopyAt(journal, file.id, place.id, copy.path)
      if (movedAside?.earlier) saveCopy(journal, { ...movedAside.earlier.copy, path: movedAside.to })
      // A cached read right after writing proves little: it is read again at the end before it counts as verified.
      const state = came.how === 'direct' ? 'verified' : 'written'
      saveCopy(journal, provenCopy(suspect, came.stat, state, clock(), came.how))
      addStep(journal, { kind: 'seal', ...steps }, clock())
      if (state === 'written') addStep(journal, { kind: 're-read', ...steps }, clock())
    },
  }
}

/** The good bytes came from Versions/, where a killed run had moved them: that, too, is a copy from now on, as soon as it has been read again.
 *  @param kept  what lies there */
export function withKept(run: HealRun, suspect: Suspect, kept: CopyRow, { events, record }: Result): Result {
  const { journal, clock } = run.engine.deps
  const { shoot, place, file, version, copy } = suspect
  return {
    events: [
      {
        event: 'kept',
        at: run.engine.iso(),
        file: file.name,
        path: copy.path,
        to: kept.path,
        copyHash: version.hash,
        why: 'it was moved there by an earlier run that did not come to its end',
      },
      ...events,
    ],
    record: () => {
      record()
      saveCopy(journal, { ...kept, state: 'written' })
      addStep(journal, { kind: 're-read', shootId: shoot.id, placeId: place.id, payload: '' }, clock())
    },
  }
}

const PLACE_ENDS: Partial<Record<Failure['kind'], string>> = {
  'place-away': 'ENODEV',
  'place-full': 'ENOSPC',
  'place-read-only': 'EROFS',
}

export function targetFailed(
  run: HealRun,
  suspect: Suspect,
  trouble: Trouble,
  { failure, movedOld }: { readonly failure: Failure; readonly movedOld: boolean },
  aside: Aside | undefined,
): Result {
  const { place, shoot, copy } = suspect
  if (failure.kind === 'stopped') return NOTHING
  const code = PLACE_ENDS[failure.kind]
  if (code !== undefined) run.engine.failPlace(place.id, Object.assign(new Error(failure.message), { code }))
  else
    run.engine.find({
      kind: 'unwritable',
      place: place.name,
      shoot: shoot.key,
      file: copy.path,
      message: `a good copy is there, and could not be written to this drive (${failure.message})`,
    })
  if (!movedOld || !aside) return NOTHING
  return {
    events: asideEvents(run, suspect, trouble, aside),
    record: () => {
      const { journal } = run.engine.deps
      if (!aside.earlier) setCopyState(journal, copy, 'missing')
      else {
        dropCopyAt(journal, suspect.file.id, place.id, copy.path)
        saveCopy(journal, { ...aside.earlier.copy, path: aside.to })
      }
    },
  }
}

function asideEvents(
  run: HealRun,
  { file, copy }: Suspect,
  { hash, why }: Trouble,
  aside: Aside | undefined,
): LogEvent[] {
  if (!aside) return []
  const { to, earlier } = aside
  const facts = { at: run.engine.iso(), file: file.name, path: copy.path, to }
  if (earlier) return [{ event: 'kept', ...facts, copyHash: earlier.version.hash, why: 'the original changed' }]
  const copyHash = hash === undefined ? {} : { copyHash: hash }
  return [{ event: 'quarantined', ...facts, ...copyHash, why }]
}

function common(run: HealRun, { place, file, copy, version }: Suspect) {
  return { at: run.engine.iso(), file: file.name, path: copy.path, sourceHash: version.hash, device: deviceOf(place) }
}

function provenCopy(
  { version, copy }: Suspect,
  stat: FileStat,
  state: 'verified' | 'written',
  nowMs: number,
  how: ReadMethod,
): CopyRow {
  const { sizeBytes, mtimeMs } = stat
  const proof = state === 'verified' ? { provenMs: nowMs, provenHow: how } : {}
  return { versionId: version.id, placeId: copy.placeId, path: copy.path, state, sizeBytes, mtimeMs, ...proof }
}
