// The ledger as one JSON file, written to a temporary name, fsynced and renamed at every change: slow, durable, and enough for programs
// that are killed in the middle.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import type { OpenUpload, SentPart, UploadLedger, UploadReceipt } from '../../../helper/offsite/ledger.js'

interface Contents {
  readonly open: Readonly<Record<string, { readonly upload: OpenUpload; readonly parts: readonly SentPart[] }>>
  readonly receipts: readonly UploadReceipt[]
}

export interface FileLedger extends UploadLedger {
  receipts(): readonly UploadReceipt[]
}

export function openFileLedger(file: string): FileLedger {
  const read = (): Contents =>
    existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Contents) : { open: {}, receipts: [] }
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
    begin(upload) {
      const contents = read()
      return write({ ...contents, open: { ...contents.open, [upload.key]: { upload, parts: [] } } })
    },
    part(upload, part) {
      const contents = read()
      const entry = contents.open[upload.key] ?? { upload, parts: [] }
      return write({ ...contents, open: { ...contents.open, [upload.key]: { upload, parts: [...entry.parts, part] } } })
    },
    complete(receipt) {
      const contents = read()
      return write({ open: without(contents, receipt.key), receipts: [...contents.receipts, receipt] })
    },
    forget(key, uploadId) {
      const contents = read()
      return contents.open[key]?.upload.uploadId === uploadId
        ? write({ ...contents, open: without(contents, key) })
        : Promise.resolve()
    },
  }
}
