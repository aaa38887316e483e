import assert from 'node:assert/strict'
import type { PhotoState } from '../../shared/methods.js'
import { RPC_CODES } from '../../shared/rpc.js'
import { LineRefusal, type Handler } from '../support/lightroom/peer.js'
import { Session } from './support.js'

const GREEN = { backup: '3-2-1 (proven 2026-11-20)', provenOn: '2026-11-20' }
const NONE = { backup: 'not yet backed up' }

describe('the backup fields of every photo', () => {
  let session: Session
  let says: (path: string) => Omit<PhotoState, 'id'>

  const states: Handler = ({ photos }) => ({
    states: (photos as { id: number; path: string }[]).map(({ id, path }) => ({ id, ...says(path) })),
  })

  beforeEach(() => {
    session = new Session()
    says = () => NONE
  })
  afterEach(() => session.close())

  const shown = (): string[] =>
    [...session.host.fields('backup', 'provenOn').values()].map(({ backup, provenOn }) => `${backup} | ${provenOn}`)

  it('say how it is backed up soon after an import, and again when that has changed', async () => {
    await session.connect({ 'photos/states': states })
    session.host.import(session.originals(3))
    await session.host.waitFor(() => shown().every((line) => line === 'not yet backed up | '))
    says = () => GREEN
    await session.host.waitFor(() => shown().every((line) => line === '3-2-1 (proven 2026-11-20) | 2026-11-20'), 120)
    session.assertClean()
  })

  it('are found by filters and smart collections', async () => {
    says = (path) => (path.endsWith('_1.CR3') ? NONE : GREEN)
    await session.connect({ 'photos/states': states })
    session.host.import(session.originals(5))
    await session.host.waitFor(() => session.host.countByField('provenOn', '2026-11') === 4)
    assert.equal(session.host.countByField('backup', 'not yet'), 1)
    assert.equal(session.host.countByField('backup', '3-2-1'), 4)
    session.assertClean()
  })

  it('are written on a change only, in private gates of at most fifty photos', async () => {
    says = () => GREEN
    await session.connect({ 'photos/states': states })
    session.host.importMany(170, '/nowhere')
    await session.host.waitFor(() => shown().every((line) => line.startsWith('3-2-1')), 1200)
    assert.equal(session.host.fieldWrites, 2 * 170)
    assert.ok(session.host.gates.length >= 4 && session.host.gates.every((gate) => gate === 'private'))
    const asked = session.peer.callsOf('photos/states').length
    await session.host.pass(2 * 3600)
    assert.ok(session.peer.callsOf('photos/states').length > asked)
    assert.equal(session.host.fieldWrites, 2 * 170)
    session.assertClean()
  })

  it('lose their green by themselves when the proof has expired', async () => {
    says = () => GREEN
    await session.connect({ 'photos/states': states })
    session.host.import(session.originals(2))
    await session.host.waitFor(() => shown().every((line) => line.startsWith('3-2-1')))
    says = () => ({ backup: 'proof too old (last 2026-11-20)' })
    await session.host.waitFor(() => shown().every((line) => line === 'proof too old (last 2026-11-20) | '), 3 * 3600)
    session.assertClean()
  })

  it('never show a green without its day, whatever a helper says', async () => {
    says = () => ({ backup: '3-2-1' })
    await session.connect({ 'photos/states': states })
    session.host.import(session.originals(1))
    await session.host.waitFor(() => shown()[0] === 'not known | ')
    says = () => ({ backup: '3-2-1 (proven some day)', provenOn: '2026-11-20' })
    await session.host.pass(120)
    assert.deepEqual(shown(), ['not known | '])
    session.assertClean()
  })

  it('wait while Lightroom is busy with its catalog, and are then written', async () => {
    await session.connect({ 'photos/states': states })
    session.host.keepCatalogBusy(100)
    session.host.import(session.originals(2))
    await session.host.pass(60)
    assert.equal(session.host.fieldWrites, 0)
    await session.host.waitFor(() => shown().every((line) => line.startsWith('not yet')), 600)
    session.assertClean()
  })

  it('are left alone by a helper that does not know them yet, or does not answer', async () => {
    await session.connect({
      'photos/states': () => {
        throw new LineRefusal(RPC_CODES.METHOD_NOT_FOUND, 'no such method')
      },
    })
    session.host.import(session.originals(2))
    await session.host.pass(1200)
    assert.equal(session.peer.callsOf('photos/states').length, 1)
    assert.equal(session.host.fieldWrites, 0)
    session.assertClean()
  })
})
