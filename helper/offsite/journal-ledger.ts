// The ledger of uploads in the journal. Parts are kept in memory while they are sent: where a part's ETag is its MD5, ListParts says the
// same after a crash, and only for the other stores are they worth a commit each.
import {
  dropUpload,
  listUploads,
  saveObject,
  saveParts,
  saveUpload,
  uploadAt,
  type ObjectRow,
  type UploadRow,
} from '../journal/offsite.js'
import type { Journal } from '../journal/journal.js'
import type { Hash } from '../model.js'
import { NO_UPLOAD_ID, type OpenUpload, type SentPart, type UploadLedger, type UploadReceipt } from './ledger.js'

export interface LedgerOptions {
  /** Whether the store's ETag of a part is the MD5 of its bytes. */
  readonly etagIsMd5: boolean
}

/** What becomes known together with a receipt. */
export interface ObjectMeaning {
  /** The copy that the object is. */
  readonly copy?: { readonly versionId: number; readonly path: string }
  /** Hash of the file before it was encrypted, where it is no copy that says so itself. */
  readonly plainBlake3?: Hash
  /** Run in the receipt's own transaction. */
  readonly onComplete?: (receipt: UploadReceipt) => void
}

export interface JournalLedger extends UploadLedger {
  /** The same ledger, for an object that means something to the rest of the journal. */
  meaning(meaning: ObjectMeaning): UploadLedger
}

export function journalLedger(journal: Journal, placeId: string, { etagIsMd5 }: LedgerOptions): JournalLedger {
  const sent = new Map<string, SentPart[]>()
  const beginning = new Set<string>()

  function ledgerFor(meaning: ObjectMeaning): UploadLedger {
    return {
      find(key) {
        const row = uploadAt(journal, placeId, key)
        return Promise.resolve(row && isBegun(row) ? openUploadOf(row) : undefined)
      },
      async whileBeginning(key, act) {
        beginning.add(key)
        try {
          // After a power loss such an upload is one that nobody knows, and cleared away by its age.
          journal.withoutSync(() =>
            saveUpload(journal, { placeId, key, uploadId: NO_UPLOAD_ID, upload: '{}', parts: '[]' }),
          )
          return await act()
        } finally {
          beginning.delete(key)
        }
      },
      lost() {
        const asked = listUploads(journal, placeId).filter((row) => !isBegun(row) && !beginning.has(row.key))
        return Promise.resolve(asked.map(({ key }) => key))
      },
      begin(upload) {
        const { key, uploadId } = upload
        sent.delete(uploadId)
        saveUpload(journal, { placeId, key, uploadId, upload: JSON.stringify(upload), parts: '[]' })
        return Promise.resolve()
      },
      part({ key, uploadId }, part) {
        const parts = [...partsOf(key, uploadId), part]
        sent.set(uploadId, parts)
        if (!etagIsMd5) saveParts(journal, placeId, key, uploadId, JSON.stringify(parts))
        return Promise.resolve()
      },
      parts: ({ key, uploadId }) => Promise.resolve(partsOf(key, uploadId)),
      complete(receipt) {
        journal.transaction(() => {
          saveReceipt(journal, placeId, receipt, meaning)
          dropUpload(journal, placeId, receipt.key)
          meaning.onComplete?.(receipt)
        })
        return Promise.resolve()
      },
      forget(key, uploadId) {
        if (uploadId === NO_UPLOAD_ID && beginning.has(key)) return Promise.resolve()
        sent.delete(uploadId)
        dropUpload(journal, placeId, key, uploadId)
        return Promise.resolve()
      },
      open: () => Promise.resolve(listUploads(journal, placeId).filter(isBegun).map(openUploadOf)),
    }
  }

  function partsOf(key: string, uploadId: string): readonly SentPart[] {
    const known = sent.get(uploadId)
    if (known) return known
    const row = uploadAt(journal, placeId, key)
    return row?.uploadId === uploadId ? (JSON.parse(row.parts) as SentPart[]) : []
  }

  return { ...ledgerFor({}), meaning: ledgerFor }
}

function isBegun({ uploadId }: UploadRow): boolean {
  return uploadId !== NO_UPLOAD_ID
}

function openUploadOf({ upload }: UploadRow): OpenUpload {
  return JSON.parse(upload) as OpenUpload
}

export function saveReceipt(
  journal: Journal,
  placeId: string,
  receipt: UploadReceipt,
  { copy, plainBlake3 }: Pick<ObjectMeaning, 'copy' | 'plainBlake3'> = {},
): void {
  saveObject(journal, {
    placeId,
    key: receipt.key,
    sizeBytes: receipt.sizeBytes,
    blake3: receipt.blake3,
    confirmedMs: receipt.confirmedAtMs,
    ...(receipt.lockedUntilMs === undefined ? {} : { lockedUntilMs: receipt.lockedUntilMs }),
    ...(receipt.versionId === undefined ? {} : { versionId: receipt.versionId }),
    receipt: JSON.stringify(plainBlake3 === undefined ? receipt : { ...receipt, plainBlake3 }),
    ...(copy ? { copy } : {}),
  })
}

/** Hash of what was last stored under a key, before it was encrypted. */
export function storedPlainHash(object: ObjectRow): Hash {
  return (JSON.parse(object.receipt) as { plainBlake3?: Hash }).plainBlake3 ?? object.blake3
}

export function receiptOf(object: ObjectRow): UploadReceipt {
  return JSON.parse(object.receipt) as UploadReceipt
}
