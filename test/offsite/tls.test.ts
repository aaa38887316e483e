// A store that cannot prove who it is gets nothing, and the photographer is told why.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { SafelightError } from '../../helper/errors.js'
import { EXPIRED_CERTIFICATE, EXPIRED_KEY } from '../support/s3/expired-certificate.js'
import { openTestStore, requestFor, setTestCredentials, testFolder, type TestFolder } from '../support/s3/fixture.js'
import type { UploadOrder } from '../support/s3/upload-main.js'
import { putOf } from './store-contract.js'

const PROGRAM = new URL('../support/s3/upload-main.js', import.meta.url).pathname

describe('a store behind TLS', () => {
  let server: Server
  let url: string
  let folder: TestFolder
  let requests = 0

  before(async () => {
    setTestCredentials()
    folder = testFolder()
    server = createServer({ key: EXPIRED_KEY, cert: EXPIRED_CERTIFICATE }, (_, response) => {
      requests += 1
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(async () => {
    folder.remove()
    await new Promise((resolve) => server.close(resolve))
  })

  it('whose certificate nobody vouches for is sent nothing, and is not asked again and again', async () => {
    const faults: string[] = []
    const store = openTestStore(url, 'bucket', {}, { onFault: ({ kind }) => faults.push(kind) })
    await assert.rejects(store.put(putOf('x', Buffer.from('x'))), (error) => {
      assert.ok(error instanceof SafelightError)
      assert.equal(error.code, 'OFFSITE_UNREACHABLE')
      assert.match(error.message, /certificate/)
      assert.match(error.remedy, /Nothing was sent/)
      return true
    })
    assert.deepEqual(faults, ['tls'])
    store.close()
  })

  it('whose certificate has expired is sent nothing, although it is one that this computer trusts', async () => {
    const file = folder.file('a', Buffer.from('x'))
    const order: UploadOrder = {
      url,
      bucket: 'bucket',
      file,
      ledger: join(folder.path, 'ledger.json'),
      request: requestFor('k', file, Buffer.from('x')),
      leastPartBytes: 5 * 1024 * 1024,
    }
    const trusted = folder.file('ca.pem', Buffer.from(EXPIRED_CERTIFICATE))
    const said = await new Promise<string>((resolve) => {
      execFile(
        process.execPath,
        [PROGRAM, folder.file('order.json', Buffer.from(JSON.stringify(order)))],
        { env: { ...process.env, NODE_EXTRA_CA_CERTS: trusted } },
        (_error, _stdout, stderr) => resolve(stderr),
      )
    })
    assert.match(said, /The security certificate of s3:\/\/bucket at 127\.0\.0\.1:\d+ has expired/)
    assert.equal(requests, 0)
  })
})
