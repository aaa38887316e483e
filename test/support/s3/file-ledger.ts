// The ledger as one JSON file, written to a temporary name, fsynced and renamed at every change: slow, durable, and enough for programs
// that are killed in the middle.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import {
  NO_UPLOAD_ID,
  type OpenUpload,
  type SentPart,
  type UploadLedger,
  type UploadReceipt,
} from '../../../helper/offsite/ledger.js'

interface Contents {
  /** Keys for which an upload was asked for. */
  readonly asked: readonly string[]
  readonly open: Readonly<Record<string, { readonly upload: OpenUpload; readonly parts: readonly SentPart[] }>>
  readonly receipts: readonly UploadReceipt[]
}

export interface FileLedger extends UploadLedger {
  receipts(): readonly UploadReceipt[]
}

export function openFileLedger(file: string): FileLedger {
  const read = (): Contents =>
    existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Contents) : { asked: [], open: {}, receipts: [] }
  const write = (contents: Contents): Promise<void> => {
    const handle = openSync(`${file}.new`, 'w')
    writeSync(handle, JSON.stringify(contents))
    fsyncSync(handle)
    closeSync(handle)
    renameSync(`${file}.new`, file)
    return Promise.resolve()
  }
  const without = (contents: Contents, key: string): Contents['open'] =>
    Object.fromEntries(Object.entries(contents.open).filter(([name]) => name !== key))

  return {
    find: (key) => Promise.resolve(read().open[key]?.upload),
    parts: (upload) => Promise.resolve(read().open[upload.key]?.parts ?? []),
    open: () => Promise.resolve(Object.values(read().open).map(({ upload }) => upload)),
    receipts: () => read().receipts,
    async whileBeginning(key, act) {
      const contents = read()
      await write({ ...contents, asked: [...contents.asked, key] })
      return act()
    },
    lost: () => Promise.resolve(read().asked),
    begin(upload) {
      const contents = { ...read(), asked: read().asked.filter((key) => key !== upload.key) }
      return write({ ...contents, open: { ...contents.open, [upload.key]: { upload, parts: [] } } })
    },
    part(upload, part) {
      const contents = read()
      const entry = contents.open[upload.key] ?? { upload, parts: [] }
      return write({ ...contents, open: { ...contents.open, [upload.key]: { upload, parts: [...entry.parts, part] } } })
    },
    complete(receipt) {
      const contents = read()
      return write({
        open: without(contents, receipt.key),
        receipts: [...contents.receipts, receipt],
        asked: contents.asked.filter((key) => key !== receipt.key),
      })
    },
    forget(key, uploadId) {
      const contents = read()
      if (uploadId === NO_UPLOAD_ID) return write({ ...contents, asked: contents.asked.filter((each) => each !== key) })
      return contents.open[key]?.upload.uploadId === uploadId
        ? write({ ...contents, open: without(contents, key) })
        : Promise.resolve()
    },
  }
}
