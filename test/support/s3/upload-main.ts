// A client that can be killed: uploads one file with the real protocol and says on stdout what has happened, a word and a number per line.
// Started by tests as a process of its own: `node upload-main.js FILE`, the file holding the JSON of an UploadOrder.
import { readFileSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { chooseHashEngine } from '../../../helper/files/hash.js'
import { CAUTIOUS_PROFILE } from '../../../helper/offsite/providers.js'
import { openS3Store } from '../../../helper/offsite/s3.js'
import { openFileSource } from '../../../helper/offsite/source.js'
import { uploadObject, type UploadRequest } from '../../../helper/offsite/upload.js'
import { openFileLedger } from './file-ledger.js'

export interface UploadOrder {
  readonly url: string
  readonly bucket: string
  readonly file: string
  readonly ledger: string
  readonly request: UploadRequest
  readonly leastPartBytes: number
  /** Say "receipt" when the copy is to be recorded, and wait there for the kill. */
  readonly waitAtReceipt?: boolean
}

const say = (line: string): void => void writeSync(1, `${line}\n`)

async function main(order: UploadOrder): Promise<void> {
  const pause = async (ms: number, signal?: AbortSignal): Promise<void> => {
    await sleep(Math.min(ms, 200), undefined, signal ? { signal } : {})
  }
  const store = openS3Store(
    {
      endpoint: order.url,
      bucket: order.bucket,
      socketTimeoutMs: 5_000,
      retry: { attempts: 30, firstDelayMs: 100, longestDelayMs: 200 },
    },
    { sleep: pause, random: Math.random, onFault: ({ kind }) => say(`fault ${kind}`) },
  )
  const ledger = openFileLedger(order.ledger)
  const source = await openFileSource(order.file)
  const receipt = await uploadObject(order.request, source, {
    store,
    profile: CAUTIOUS_PROFILE,
    ledger: {
      ...ledger,
      async complete(done) {
        say('receipt 0')
        if (order.waitAtReceipt) await new Promise((resolve) => setTimeout(resolve, 3_600_000))
        await ledger.complete(done)
      },
    },
    hashEngine: chooseHashEngine(),
    now: Date.now,
    sleep: pause,
    leastPartBytes: order.leastPartBytes,
    onProgress: ({ sentBytes }) => say(`sent ${sentBytes}`),
  })
  say(`done ${JSON.stringify(receipt)}`)
  await source.close()
  store.close()
}

await main(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as UploadOrder)
