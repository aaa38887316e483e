// A photo that gets another name is the same photo: it counts under the new one alone, and what lies under the old one is no shortage. One that
// is gone under every name is missed.
import assert from 'node:assert/strict'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import type { MethodName, Params, Result } from '../../shared/methods.js'
import { call as callIn, foldersAsDisks } from '../support/daemon.js'
import { scratch, type Scratch } from '../support/tree.js'

describe('a photo that was renamed', () => {
  let here: Scratch
  beforeEach(async () => {
    here = scratch()
    here.tree('internal/Wedding', { 'IMG_1.CR3': null, 'IMG_2.CR3': null })
    for (const name of ['desk', 'vault'])
      await call('place/add', { path: here.folder(name), location: name === 'vault' ? 'off-site' : '' })
    assert.equal(await verdictAfterBackup(), 'protected, 2 files')
  })
  afterEach(() => here.remove())

  const call = <M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> =>
    callIn({ home: here.home, volumes: foldersAsDisks(here.root), withoutThreads: true }, method, params)

  const at = (name: string): string => here.at(`internal/Wedding/${name}`)
  const verdictAfterBackup = async (): Promise<string> => {
    await call('backup/run', { paths: [here.at('internal/Wedding')], to: [] })
    const { shoots } = await call('shoots/list', {})
    return shoots
      .map(
        ({ verdict, files, letGo }) =>
          `${verdict}, ${files} files${letGo === undefined ? '' : `, ${letGo} not missed`}`,
      )
      .join('; ')
  }
  const story = () => call('file/story', { shoot: 'Wedding', file: 'IMG_1.CR3' })

  it('counts under its new name, and its story says which that is', async () => {
    renameSync(at('IMG_1.CR3'), at('Anna.CR3'))
    assert.equal(await verdictAfterBackup(), 'protected, 2 files, 1 not missed')
    const { movedTo, summary } = await story()
    assert.deepEqual(movedTo, [at('Anna.CR3')])
    assert.match(
      summary,
      /renamed and counts under its new name \(.*Anna\.CR3\)\. Its copies under the old one: partly/,
    )
    assert.equal((await call('status/get', {})).verdict, 'protected')
    writeFileSync(at('Anna.CR3'), 'worked on since')
    assert.equal(await verdictAfterBackup(), 'protected, 2 files, 1 not missed')
    assert.deepEqual((await story()).movedTo, [])
  })

  it('is missed when it goes under its new name as well', async () => {
    renameSync(at('IMG_1.CR3'), at('Anna.CR3'))
    await verdictAfterBackup()
    rmSync(at('Anna.CR3'))
    assert.equal(await verdictAfterBackup(), 'partly, 2 files, 1 not missed')
  })

  it('is missed when what has the new name is not it', async () => {
    renameSync(at('IMG_1.CR3'), at('Anna.CR3'))
    writeFileSync(at('Anna.CR3'), 'worked on before anybody looked')
    assert.equal(await verdictAfterBackup(), 'partly, 3 files')
    assert.equal((await story()).movedTo, undefined)
  })

  it('counts again when it has its old name back, and is missed when it goes from there', async () => {
    renameSync(at('IMG_1.CR3'), at('Anna.CR3'))
    await verdictAfterBackup()
    renameSync(at('Anna.CR3'), at('IMG_1.CR3'))
    assert.equal(await verdictAfterBackup(), 'protected, 2 files, 1 not missed')
    rmSync(at('IMG_1.CR3'))
    assert.equal(await verdictAfterBackup(), 'partly, 2 files, 1 not missed')
  })

  it('counts under its new name once that is brought, where nothing could be brought at first', async () => {
    renameSync(at('IMG_1.CR3'), here.at('internal/Anna.CR3'))
    assert.equal(await verdictAfterBackup(), 'partly, 2 files')
    renameSync(here.at('internal/Anna.CR3'), at('Anna.CR3'))
    assert.equal(await verdictAfterBackup(), 'protected, 2 files, 1 not missed')
  })
})
