// The record of one file while its task goes on: every fact is noted once, in the words of the log, of the journal and of the findings. Long,
// because each of them has to be said in all three, and is said here and nowhere else.
import path from 'node:path'
import { stampOf } from '../files/versions.js'
import { WORKING, type FileStat, type Hash } from '../model.js'
import type { Finding } from '../../shared/methods.js'
import type { CopyRow, FileRow } from '../journal/files.js'
import { modifiedAt, type LogEvent } from '../manifest/log.js'
import type { OpenPlace } from '../place/places.js'
import type { Failure, ReadMethod, Target } from './jobs.js'
import type { FilePlan } from './plan.js'
import type { Content, CopyRecord, FileRecord } from './file-record.js'
import type { BackupRun, ShootInRun } from './run.js'

interface ReadFacts {
  readonly hash: Hash
  readonly how: ReadMethod
  readonly stat: FileStat
}

/** Content that is to be set aside when a target takes its name. */
interface SetAside {
  readonly content: Content
  readonly to: string
  readonly event: 'kept' | 'quarantined'
  readonly why: string
  readonly how?: ReadMethod
}

/** What was read at a place. */
export interface Found {
  readonly how: ReadMethod
  readonly stat: FileStat
}

export class RecordDraft {
  readonly originalPath: string
  readonly #run: BackupRun
  readonly #shoot: ShootInRun
  readonly #plan: FilePlan
  readonly #name: string
  readonly #copies: CopyRecord[] = []
  readonly #emptied: { placeId: string; path: string }[] = []
  readonly #events = new Map<string, LogEvent[]>()
  readonly #setAside = new Map<string, SetAside>()
  /** Of the folder for what this file replaces, wherever it does. */
  #stamp: string | undefined
  #original: FileRecord['original']
  #newest: Content | undefined
  #originalState: 'verified' | 'damaged' | undefined
  #wasCopied = false
  #wasAdopted = false
  #isOriginalRead = false

  constructor(run: BackupRun, shoot: ShootInRun, plan: FilePlan) {
    this.#run = run
    this.#shoot = shoot
    this.#plan = plan
    this.#name = plan.scanned.name
    this.#original = plan.known ?? plan.scanned
    this.originalPath = path.join(shoot.folder, plan.scanned.name)
  }

  /** Where the copy lies, or is to lie, at a place. */
  pathAt(place: OpenPlace): string {
    return path.join(this.#folderAt(place), this.#name)
  }

  #folderAt(place: OpenPlace): string {
    return path.join(place.root, 'Photos', ...(this.#shoot.folders.get(place.id) ?? '').split('/'))
  }

  // ── the original ──

  originalIs(content: Content, stat: FileStat): void {
    this.#original = stat
    this.#newest = content
    this.#originalState = 'verified'
    this.#isOriginalRead = true
  }

  originalIsDamaged(hash: Hash): void {
    const { known } = this.#plan
    if (!known) return
    this.#originalIsNotBelieved(known)
    const others = [...known.copies.values()].filter(
      (copy) => copy.placeId !== WORKING && copy.state === 'verified',
    ).length
    this.#find(
      'damaged',
      WORKING,
      `${readsOtherwise(hash, known)}: it is damaged. ${others === 0 ? 'No verified copy of the good content is known.' : `The good content is safe at ${others} other place${others === 1 ? '' : 's'} and was left alone.`}`,
    )
  }

  originalIsAllThereIs(hash: Hash): void {
    const { known } = this.#plan
    if (!known) return
    this.#find(
      'damaged',
      WORKING,
      `${readsOtherwise(hash, known)}, and no place has a copy of what it was. It is backed up as it is now: look at it, and import it anew from the card if the card still has it`,
    )
  }

  /** @param why  that it was worked on and its picture is damaged, in words */
  originalIsRotten(why: string): void {
    const { known } = this.#plan
    if (!known) return
    this.#originalIsNotBelieved(known)
    this.#find('damaged', WORKING, why)
  }

  /** The stat stays the one of the last good read, so that every later run looks again until it is healed. */
  #originalIsNotBelieved(known: FileRow): void {
    this.#original = known
    this.#newest = known.version
    this.#originalState = 'damaged'
  }

  originalFailed(failure: Failure): void {
    if (failure.kind === 'stopped' || this.#run.isSourceGone(this.#shoot, this.#name)) return
    const kind =
      failure.kind === 'vanished' || failure.kind === 'source-vanished'
        ? 'missing'
        : failure.kind === 'source-changing'
          ? 'changing'
          : 'unreadable'
    this.#find(kind, WORKING, `${ORIGINAL_TROUBLE[kind]} (${failure.message})`)
    for (const place of this.#run.livePlaces())
      this.#event(place, { event: 'failed', at: this.#run.iso(), file: this.#name, why: failure.message })
  }

  warnRawChanged(): void {
    this.#run.warn(
      `${this.#shoot.row.key}/${this.#name}: a raw file was rewritten, which cameras and Lightroom do not do; the earlier content is kept in Versions`,
    )
  }

  // ── what is to be sent ──

  target(place: OpenPlace): Target {
    return {
      place: place.id,
      root: place.root,
      marker: place.markerIdentity,
      folder: this.#folderAt(place),
      name: this.#name,
    }
  }

  /** The content that lies there now goes to Versions/ first.
   *  @param found  what its folder shows of it, where it is not what the journal remembers */
  targetKeeping(place: OpenPlace, content: Content | undefined, found?: Found): Target {
    if (!content) return this.target(place)
    const known = this.knownVersion(content.hash)
    const setAside: SetAside = {
      content,
      to: this.#freePath(place, 'Versions'),
      event: 'kept',
      why: known ? 'the original changed' : NOT_OURS,
      ...(found ? { how: found.how } : {}),
    }
    return this.#targetMoving(place, setAside, found?.stat ?? this.#plan.known?.copies.get(place.id))
  }

  targetQuarantining(place: OpenPlace, hash: Hash, stat: FileStat): Target {
    const content = { hash, sizeBytes: 0, mtimeMs: 0 }
    const setAside: SetAside = {
      content,
      to: this.#freePath(place, 'Quarantine'),
      event: 'quarantined',
      why: 'its bytes differ from the reference',
    }
    return this.#targetMoving(place, setAside, stat)
  }

  #targetMoving(
    place: OpenPlace,
    setAside: SetAside,
    stat: Pick<FileStat, 'sizeBytes' | 'mtimeMs'> | undefined,
  ): Target {
    this.#setAside.set(place.id, setAside)
    const { hash } = setAside.content
    return {
      ...this.target(place),
      moveOldTo: path.join(this.#folderAt(place), ...setAside.to.split('/')),
      ...(stat ? { old: { sizeBytes: stat.sizeBytes, mtimeMs: stat.mtimeMs, hash } } : {}),
    }
  }

  /** Below a folder of this moment, the same one at every place, in UTC and in a form that every file system can hold; numbered where a clock
   *  that stands still or was set back has led to the same moment before. */
  #freePath(place: OpenPlace, kept: 'Versions' | 'Quarantine'): string {
    const stamp = (this.#stamp ??= stampOf(this.#run.deps.clock()))
    for (let n = 1; ; n++) {
      const relative = `${kept}/${n === 1 ? stamp : `${stamp}-${n}`}/${this.#name}`
      const file = path.join(this.#folderAt(place), ...relative.split('/'))
      if (this.#run.deps.files.stat(file) === undefined) return relative
    }
  }

  // ── what came of it ──

  copied(target: Target, { hash, how, stat }: ReadFacts): void {
    const content: Content = { hash, sizeBytes: this.#plan.scanned.sizeBytes, mtimeMs: this.#plan.scanned.mtimeMs }
    this.#wasCopied = true
    // A cached read right after writing proves little: it is read again as late as possible before it counts as verified.
    this.#addCopy(target.place, {
      content: this.#newest ?? content,
      state: how === 'direct' ? 'verified' : 'written',
      how,
      stat,
      isToBeReRead: how === 'cached',
    })
    this.#addCopyEvent('copied', target.place, hash, how, stat)
  }

  adopt(place: OpenPlace, { hash, how, stat }: ReadFacts, condition: 'altered' | 'foreign'): void {
    const content = [this.#newest, this.#plan.known?.version].find((each) => each?.hash === hash) ?? {
      hash,
      sizeBytes: stat.sizeBytes,
      mtimeMs: stat.mtimeMs,
    }
    if (condition === 'foreign') this.#wasAdopted = true
    this.#addCopy(place.id, { content, state: 'verified', how, stat, isToBeReRead: false })
    this.#addCopyEvent('adopted', place.id, hash, how, stat)
  }

  moved(target: Target): void {
    const setAside = this.#setAside.get(target.place)
    if (!setAside) return
    this.#setAside.delete(target.place)
    const { content, to, event, why, how } = setAside
    this.#emptied.push({ placeId: target.place, path: this.#name })
    this.#event(this.#run.placeNamed(target.place), {
      event,
      at: this.#run.iso(),
      file: this.#name,
      path: this.#name,
      to,
      copyHash: content.hash,
      why,
    })
    if (event === 'quarantined') return
    if (why === NOT_OURS)
      this.#run.warn(
        `"${this.#shoot.row.key}/${this.#name}": another file of this name already lay on ${this.#run.placeNamed(target.place).name}; it was set aside there as ${to}`,
      )
    const old = this.#plan.known?.copies.get(target.place)
    this.#copies.push({
      placeId: target.place,
      content,
      path: to,
      state: how === undefined && old?.state !== 'verified' ? 'written' : 'verified',
      stat: old && how === undefined ? old : content,
      ...proofOf(old, how),
    })
  }

  noteFailedTry(target: Target, failure: Failure): void {
    this.#event(this.#run.placeNamed(target.place), {
      event: 'failed',
      at: this.#run.iso(),
      file: this.#name,
      why: failure.message,
    })
  }

  copyFailed(target: Target, failure: Failure): void {
    if (failure.kind === 'stopped') return
    const place = this.#run.placeNamed(target.place)
    if (PLACE_ENDS.has(failure.kind)) {
      this.#run.failPlace(place.id, Object.assign(new Error(failure.message), { code: PLACE_ENDS.get(failure.kind) }))
      return
    }
    this.#event(place, { event: 'failed', at: this.#run.iso(), file: this.#name, why: failure.message })
    const [kind, words] = COPY_TROUBLE[failure.kind] ?? ['unwritable', 'it could not be copied to this drive']
    this.#find(kind, place.name, `${words} (${failure.message})`)
  }

  // ── what was found at a place ──

  foundDamaged(place: OpenPlace, hash: Hash, how: ReadMethod): void {
    const reference = this.#plan.known?.version.hash ?? hash
    this.#event(place, {
      event: 'damaged',
      at: this.#run.iso(),
      file: this.#name,
      path: this.#name,
      sourceHash: reference,
      copyHash: hash,
      read: how,
      device: deviceOf(place),
    })
    this.#find(
      'damaged',
      place.name,
      'the copy was damaged; it is kept in Quarantine, and a new copy was made from the original',
    )
  }

  foundUnreadable(place: OpenPlace, failure: Failure): void {
    this.#find('unreadable', place.name, `the copy could not be read (${failure.message}); it was left where it is`)
  }

  warnLost(place: OpenPlace): void {
    this.#run.warn(
      `"${this.#shoot.row.key}": a copy that had been made was no longer on ${place.name} and was made again`,
    )
  }

  knownVersion(hash: Hash): boolean {
    const { known } = this.#plan
    return known !== undefined && (known.version.hash === hash || known.oldCopies.some((copy) => copy.hash === hash))
  }

  /** A crash, or a drive that failed, may have come between moving an earlier content to Versions/ and writing that down: what lies there
   *  under this file's name and is in no record is written down now, whatever it is.
   *  @returns whether what was last written under the name is among it */
  async lookForMoved(place: OpenPlace): Promise<boolean> {
    let isNewestThere = false
    const { known } = this.#plan
    const told = new Set(known?.oldCopies.filter((copy) => copy.placeId === place.id).map((copy) => copy.path))
    for (const relative of this.#run.namesInVersions(this.#shoot, place).get(this.#name) ?? []) {
      if (told.has(relative)) continue
      const file = path.join(this.#folderAt(place), ...relative.split('/'))
      const { sizeBytes } = this.#run.deps.files.stat(file) ?? { sizeBytes: 0 }
      const { result } = await this.#run.deps.pool.run({ kind: 'hash', file, sizeBytes, fromDevice: true })
      if ('failure' in result) continue
      const { hash, how, stat } = result
      isNewestThere ||= known?.version.hash === hash
      const content = known?.version.hash === hash ? known.version : { hash, sizeBytes, mtimeMs: stat.mtimeMs }
      this.#copies.push({ placeId: place.id, content, path: relative, state: 'verified', stat, provenHow: how })
      this.#event(place, {
        event: 'kept',
        at: this.#run.iso(),
        file: this.#name,
        path: this.#name,
        to: relative,
        copyHash: hash,
        why: 'it was moved there by an earlier run that did not come to its end',
      })
    }
    return isNewestThere
  }

  /** What was known under the file's own name at this place is not there any more. */
  isEmptyAt(place: OpenPlace): void {
    this.#emptied.push({ placeId: place.id, path: this.#name })
  }

  // ── the record ──

  commit(): void {
    if (this.#wasCopied) this.#run.countCopied(this.#shoot, this.#plan.scanned.sizeBytes)
    else if (this.#wasAdopted) this.#run.counts.adopted += 1
    else if (this.#isOriginalRead || this.#copies.length > 0) this.#run.counts.unchanged += 1
    if (!this.#plan.known && !this.#newest) return
    this.#run.recorder.add({
      shootId: this.#shoot.row.id,
      name: this.#name,
      original: this.#original,
      ...(this.#newest ? { newest: this.#newest } : {}),
      ...(this.#originalState ? { originalState: this.#originalState } : {}),
      copies: this.#copies,
      emptied: this.#emptied,
      events: this.#events,
    })
  }

  #addCopy(
    placeId: string,
    copy: { content: Content; state: 'verified' | 'written'; how: ReadMethod; stat: FileStat; isToBeReRead: boolean },
  ): void {
    const { content, state, how, stat, isToBeReRead } = copy
    this.#copies.push({
      placeId,
      content,
      path: this.#name,
      state,
      stat,
      isToBeReRead,
      ...(state === 'verified' ? { provenHow: how } : {}),
    })
  }

  #addCopyEvent(event: 'copied' | 'adopted', placeId: string, hash: Hash, read: ReadMethod, stat: FileStat): void {
    const place = this.#run.placeNamed(placeId)
    const { sizeBytes, mtimeMs } = this.#newest ??
      this.#plan.known?.version ?? { sizeBytes: stat.sizeBytes, mtimeMs: stat.mtimeMs }
    this.#event(place, {
      event,
      at: this.#run.iso(),
      file: this.#name,
      path: this.#name,
      bytes: sizeBytes,
      modified: modifiedAt(mtimeMs),
      sourceHash: hash,
      copyHash: hash,
      read,
      device: deviceOf(place),
      by: this.#run.deps.hash.name,
    })
  }

  #event(place: OpenPlace, event: LogEvent): void {
    this.#events.set(place.id, [...(this.#events.get(place.id) ?? []), event])
  }

  #find(kind: Finding['kind'], place: string, message: string): void {
    this.#run.find({ kind, place, shoot: this.#shoot.row.key, file: this.#name, message })
  }
}

/** Why a file that Safelight did not write went to Versions/. */
const NOT_OURS = 'it was there before and is not the same file'

function readsOtherwise(hash: Hash, { version }: FileRow): string {
  return `the original differs from what was first read (${hash.slice(0, 12)}… instead of ${version.hash.slice(0, 12)}…) while its size and date stand still`
}

/** A proof made now, or the one that the copy had before it moved. */
function proofOf(old: CopyRow | undefined, how: ReadMethod | undefined): Pick<CopyRecord, 'provenHow' | 'provenMs'> {
  if (how !== undefined) return { provenHow: how }
  return old?.provenHow === undefined || old.provenMs === undefined
    ? {}
    : { provenHow: old.provenHow, provenMs: old.provenMs }
}

export function deviceOf(place: OpenPlace): string {
  return place.volume.devices.join(' + ')
}

const ORIGINAL_TROUBLE = {
  missing: 'the original was there and then was not',
  changing: 'the original kept changing while it was read; it will be taken when it has come to rest',
  unreadable:
    'the original could not be read; check the card or disk it is on, and read it again while it still can be',
} as const

/** Failures after which a place takes no more files in this run, and the system's code that tells them apart. */
const PLACE_ENDS: ReadonlyMap<Failure['kind'], string> = new Map([
  ['place-away', 'ENODEV'],
  ['place-full', 'ENOSPC'],
  ['place-read-only', 'EROFS'],
])

const COPY_TROUBLE: Partial<Record<Failure['kind'], readonly [string, string]>> = {
  'differs-after-write': [
    'unwritable',
    'the drive gave back other bytes than had been written, three times; do not trust this drive',
  ],
  'place-failing': ['unwritable', 'the drive answered with an error; this file is not on it'],
  'name-not-storable': [
    'name',
    'the file system of this drive cannot hold this name; rename the file and back it up again',
  ],
  'name-taken': ['name', 'the drive takes this name for another file’s; rename one of the two and back it up again'],
}
