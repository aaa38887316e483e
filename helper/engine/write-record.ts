// Puts what came of files into the journal: file, version, copies, and the steps that follow from them, with as few statements as the
// case needs. Runs inside the caller's transaction.
import {
  addFile,
  addVersion,
  dropCopyAt,
  ensureVersion,
  saveCopy,
  saveFile,
  setNewestVersion,
} from '../journal/files.js'
import type { Journal } from '../journal/journal.js'
import { addStep, type StepKind } from '../journal/steps.js'
import { WORKING } from '../model.js'
import type { Content, CopyRecord, FileRecord } from './file-record.js'

/** @param failedPlaces  places whose log could not be written: what was done there is not recorded */
export function writeRecords(
  journal: Journal,
  records: readonly FileRecord[],
  failedPlaces: ReadonlySet<string>,
  nowMs: number,
): void {
  const context: Context = { journal, failedPlaces, nowMs, asked: new Set() }
  for (const record of records) writeRecord(context, record)
}

interface Context {
  readonly journal: Journal
  readonly failedPlaces: ReadonlySet<string>
  readonly nowMs: number
  /** Steps that were asked for already: once is enough for all files of a shoot. */
  readonly asked: Set<string>
}

interface FileInJournal {
  readonly id: number
  /** Not known before this record, so that there is nothing of it to look for. */
  readonly isNew: boolean
  readonly versions: Map<string, number>
}

function writeRecord(context: Context, record: FileRecord): void {
  const { journal, failedPlaces, nowMs } = context
  const { newest, original } = record
  const added = addFile(journal, record.shootId, record.name, original)
  const file: FileInJournal = {
    id: added ?? saveFile(journal, record.shootId, record.name, original),
    isNew: added !== undefined,
    versions: new Map(),
  }
  if (newest) setNewestVersion(journal, file.id, versionOf(context, file, newest))
  if (newest && record.originalState) {
    saveCopy(journal, {
      versionId: versionOf(context, file, newest),
      placeId: WORKING,
      path: record.name,
      sizeBytes: original.sizeBytes,
      mtimeMs: original.mtimeMs,
      state: record.originalState,
      ...(record.originalState === 'verified' ? { provenMs: nowMs, provenHow: 'cached' as const } : {}),
    })
  }
  for (const { placeId, path } of record.emptied)
    if (!failedPlaces.has(placeId)) dropCopyAt(journal, file.id, placeId, path)
  for (const copy of record.copies) if (!failedPlaces.has(copy.placeId)) writeCopy(context, record.shootId, file, copy)
}

function versionOf({ journal, nowMs }: Context, file: FileInJournal, content: Content): number {
  const known = file.versions.get(content.hash)
  if (known !== undefined) return known
  const id = (file.isNew ? addVersion : ensureVersion)(journal, file.id, content, nowMs)
  file.versions.set(content.hash, id)
  return id
}

function writeCopy(context: Context, shootId: number, file: FileInJournal, copy: CopyRecord): void {
  const { journal, nowMs } = context
  const versionId = versionOf(context, file, copy.content)
  if (!file.isNew) dropCopyAt(journal, file.id, copy.placeId, copy.path)
  saveCopy(journal, {
    versionId,
    placeId: copy.placeId,
    path: copy.path,
    state: copy.state,
    sizeBytes: copy.stat.sizeBytes,
    mtimeMs: copy.stat.mtimeMs,
    ...(copy.provenHow === undefined ? {} : { provenMs: copy.provenMs ?? nowMs, provenHow: copy.provenHow }),
  })
  askFor(context, 'seal', shootId, copy.placeId)
  if (copy.isToBeReRead) askFor(context, 're-read', shootId, copy.placeId)
}

function askFor({ journal, nowMs, asked }: Context, kind: StepKind, shootId: number, placeId: string): void {
  const key = `${kind} ${shootId} ${placeId}`
  if (asked.has(key)) return
  asked.add(key)
  addStep(journal, { kind, shootId, placeId, payload: '' }, nowMs)
}
