// What a folder is, where that cannot be seen from its disk: copies on a card or in a gallery never count, and that is said at once.
import assert from 'node:assert/strict'
import type { Outcome, Place, Shoot } from '../../shared/methods.js'
import { ask, backup, type Failed } from '../support/safelight.js'
import { scratch, type Scratch } from '../support/tree.js'

type Added = Outcome & { place: Place }

describe('a place that is no drive', () => {
  let here: Scratch
  let source: string
  beforeEach(() => {
    here = scratch()
    source = here.tree('Wedding', { 'IMG_1.CR3': null })
  })
  afterEach(() => here.remove())

  const add = (...args: string[]): Promise<Added> => ask<Added>(here.home, ['place', 'add', ...args])
  const missing = async (): Promise<readonly string[]> =>
    (await ask<Outcome & { shoots: Shoot[] }>(here.home, ['shoots'])).shoots[0]?.missing ?? []

  it('is a card where a camera’s folder lies beside it: a copy on it never counts', async () => {
    const card = here.folder('EOS_DIGITAL')
    here.folder('EOS_DIGITAL/DCIM/100CANON')
    const added = await add(card)
    assert.equal(added.place.role, 'card')
    assert.match(added.summary, /Mind: it is a camera card.*never counts as a copy.*--role drive/)
    const { summary } = await backup(here.home, source)
    assert.match(summary, /^1 photo now on "EOS_DIGITAL".*is a camera card.*does NOT count as a copy/)
    assert.ok((await missing()).includes('two more copies'), 'only the original counts')
    assert.equal((await add(card, '--role', 'drive')).place.role, 'drive')
    assert.ok((await missing()).includes('a third copy'), 'a drive with a folder DCIM counts when the user says so')
    assert.doesNotMatch((await backup(here.home, source)).summary, /camera card/)
  })

  it('is a card also when it is first met by a backup', async () => {
    here.folder('card/DCIM')
    const { summary } = await backup(here.home, source, here.at('card'))
    assert.match(summary, /now on "card".*camera card/)
    assert.ok((await missing()).includes('two more copies'))
  })

  it('is a gallery when the user says so', async () => {
    const added = await add(here.folder('Gallery'), '--role', 'gallery')
    assert.equal(added.place.role, 'gallery')
    assert.match((await backup(here.home, source)).summary, /now on "Gallery".*client gallery.*does NOT count/)
    assert.ok((await missing()).includes('two more copies'))
    const refused = await ask<Failed>(here.home, ['place', 'add', 's3://gallery/x', '--role', 'gallery'])
    assert.equal(refused.code, 'USAGE')
  })
})
