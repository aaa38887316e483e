// What a folder is, where that cannot be seen from its disk: copies on a card or in a gallery never count, and that is said at once.
import assert from 'node:assert/strict'
import type { MethodName, Params, Result } from '../../shared/methods.js'
import { foldersAsDisks, withDaemon } from '../support/daemon.js'
import { ask, type Failed } from '../support/safelight.js'
import { scratch, type Scratch } from '../support/tree.js'

describe('a place that is no drive', () => {
  let here: Scratch
  let source: string
  beforeEach(() => {
    here = scratch()
    source = here.tree('internal/Wedding', { 'IMG_1.CR3': null })
  })
  afterEach(() => here.remove())

  const call = <M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> =>
    withDaemon({ home: here.home, volumes: foldersAsDisks(here.root), withoutThreads: true }, (daemon) => {
      const handler = daemon.handlers[method]
      assert.ok(handler, method)
      const client = { kind: 'cli', version: 'test' } as const
      return handler(params, { signal: new AbortController().signal, client, progress: () => undefined })
    })
  const add = (path: string, role?: 'drive' | 'card' | 'gallery'): Promise<Result<'place/add'>> =>
    call('place/add', { path, ...(role === undefined ? {} : { role }) })
  const backup = async (...to: string[]): Promise<string> => (await call('backup/run', { paths: [source], to })).summary
  const missing = async (): Promise<readonly string[]> => (await call('shoots/list', {})).shoots[0]?.missing ?? []

  it('is a card where a camera’s folder lies beside it: a copy on it never counts, until the user says that it is a drive', async () => {
    const card = here.folder('EOS_DIGITAL')
    here.folder('EOS_DIGITAL/DCIM/100CANON')
    const added = await add(card)
    assert.equal(added.place.role, 'card')
    assert.match(added.summary, /Mind: it is a camera card.*never counts as a copy.*--role drive/)
    assert.match(await backup(), /^1 photo now on "EOS_DIGITAL".*is a camera card.*does NOT count as a copy/)
    assert.ok((await missing()).includes('two more copies'), 'only the original counts')
    assert.equal((await add(card, 'drive')).place.role, 'drive')
    assert.ok((await missing()).includes('a third copy'), 'a drive with a folder DCIM counts when the user says so')
    assert.doesNotMatch(await backup(), /camera card/)
  })

  it('is a card also when it is first met by a backup', async () => {
    here.folder('card/DCIM')
    assert.match(await backup(here.at('card')), /now on "card".*camera card/)
    assert.ok((await missing()).includes('two more copies'))
  })

  it('is a gallery when the user says so', async () => {
    const added = await add(here.folder('Gallery'), 'gallery')
    assert.equal(added.place.role, 'gallery')
    assert.match(await backup(), /now on "Gallery".*client gallery.*does NOT count/)
    assert.ok((await missing()).includes('two more copies'))
  })

  it('can be named on the command line, but for a bucket', async () => {
    const card = await ask<Result<'place/add'>>(here.home, ['place', 'add', here.folder('card'), '--role', 'card'])
    assert.equal(card.place.role, 'card')
    const refused = await ask<Failed>(here.home, ['place', 'add', 's3://gallery/x', '--role', 'gallery'])
    assert.equal(refused.code, 'USAGE')
  })
})
