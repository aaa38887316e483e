// The real store: Ceph answers the list of checks as the double's profile of it says, and keeps the contract.
import { startCephOrSkip, type Ceph } from '../support/s3/ceph.js'
import { setTestCredentials } from '../support/s3/fixture.js'
import { itAnswersAs } from './check-suite.js'
import { itKeepsTheContract } from './store-contract.js'

describe('Ceph’s gateway', () => {
  let ceph: Ceph | undefined
  before(async function () {
    setTestCredentials()
    ceph = await startCephOrSkip(this)
  })
  after(() => ceph?.stop())

  describe('answers as the double that stands for it', () => itAnswersAs('ceph16', () => ceph?.url ?? ''))
  describe('keeps the contract with versions and locks', () =>
    itKeepsTheContract(() => ceph?.url ?? '', { versions: true, locks: true }))
  describe('keeps the contract without', () =>
    itKeepsTheContract(() => ceph?.url ?? '', { versions: false, locks: false }))
})
