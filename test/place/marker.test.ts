// What makes a folder on a drive a place, read from drives that answer as they should not.
import assert from 'node:assert/strict'
import { SafelightError } from '../../helper/errors.js'
import { makePlace, readMarker } from '../../helper/place/marker.js'
import { FaultSet, type Method } from '../support/faults.js'
import { scratch, type Scratch } from '../support/tree.js'

describe('the marker of a place', () => {
  let here: Scratch
  let drive: string
  beforeEach(() => {
    here = scratch()
    drive = here.folder('Studio SSD')
    makePlace(new FaultSet().files, drive, 'Studio SSD', 'tag', Date.UTC(2026, 10, 26))
  })
  afterEach(() => here.remove())

  function refusalOf(on: Method, fail: string): SafelightError {
    const faults = new FaultSet([{ on, name: 'place.json', act: { fail } }])
    try {
      readMarker(faults.files, drive)
    } catch (error) {
      faults.assertAllHit()
      assert.ok(error instanceof SafelightError, String(error))
      return error
    }
    throw new Error('it was read')
  }

  it('that a dying drive does not give out is a failing drive, not a wrong file', () => {
    for (const on of ['stat', 'openRead', 'read'] as const) {
      const { code, message, retry } = refusalOf(on, 'EIO')
      assert.deepEqual([code, retry], ['VOLUME_FAILING', 'later'], on)
      assert.match(message, /Studio SSD answers with errors \(EIO.*Do not trust it/)
      assert.doesNotMatch(message, /cannot be understood/)
    }
  })

  it('of a drive that went while it was read is of a drive that is away', () => {
    for (const code of ['ENODEV', 'ENOENT']) assert.equal(refusalOf('openRead', code).code, 'VOLUME_AWAY', code)
  })

  it('that is no marker, or may not be read, is still told as a file that is not as it must be', () => {
    assert.equal(refusalOf('openRead', 'EACCES').code, 'PLACE_INVALID')
    here.tree('Studio SSD', { 'Safelight/place.json': '{"id": ' })
    assert.throws(() => readMarker(new FaultSet().files, drive), { code: 'PLACE_INVALID' })
  })
})
