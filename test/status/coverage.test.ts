// Every drive that the catalog references is covered, and one that is not is named, whether its photos were told of by an import or only the
// catalog knows of them.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { QUEUE_TIMES } from '../../helper/ingest/queue.js'
import type { MethodName, Params, Result, StatusResult } from '../../shared/methods.js'
import { makeCatalog } from '../support/catalog.js'
import { foldersAsDisks, withDaemon } from '../support/daemon.js'
import { freshFolder } from '../support/shoots.js'
import { write } from '../support/tree.js'

const context = {
  signal: new AbortController().signal,
  client: { kind: 'plugin', version: 'test' } as const,
  progress: () => undefined,
}

describe('what the catalog references', () => {
  let folder: string
  beforeEach(() => (folder = freshFolder({ inMemory: false })))

  const at = (...parts: string[]): string => path.join(folder, ...parts)

  function photo(id: number, file: string): Params<'photos/imported'>['photos'][number] {
    return { id, uuid: `uuid-${id}`, path: file, format: 'RAW', isVideo: false, isOffline: false }
  }

  /** Runs the helper's own work around `act` and gives what is not protected then, by shoot. */
  async function notProtectedAfter(
    act: (call: <M extends MethodName>(method: M, params: Params<M>) => Promise<Result<M>>) => Promise<unknown>,
  ): Promise<Map<string, string>> {
    let status: StatusResult | undefined
    await withDaemon({ home: at('home'), volumes: foldersAsDisks(folder) }, async (daemon) => {
      const call = <M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> => {
        const handler = daemon.handlers[method]
        assert.ok(handler, method)
        return handler(params, context)
      }
      mkdirSync(at('Backup'), { recursive: true })
      await call('place/add', { path: at('Backup') })
      const queue = daemon.startQueue(QUEUE_TIMES, (error) => {
        throw error
      })
      await act(call)
      await queue.idle()
      await queue.close()
      status = await call('status/get', {})
    })
    return new Map(status?.notProtected.map(({ id, missing }) => [id, missing.join(', ')]))
  }

  it('on a drive that is connected is copied; a drive that is away, or of the system, is named with its folders', async () => {
    write(at('Studio/2026/Anna/IMG_1.CR3'), 'raw')
    const catalog = at('internal', 'Wedding.lrcat')
    mkdirSync(path.dirname(catalog))
    makeCatalog(catalog, {
      roots: {
        [`${at('Studio/2026')}/`]: { 'Anna/': [{ name: 'IMG_1.CR3' }] },
        [`${at('Travel SSD/2025')}/`]: { 'Iceland/': [{ name: 'IMG_2.CR3' }, { name: 'IMG_3.CR3' }] },
        '/usr/share/': { 'pixmaps/': [{ name: 'IMG_4.CR3' }] },
      },
    })
    const open = await notProtectedAfter((call) => call('catalog/backup', { catalog }))
    assert.deepEqual([...open.keys()].sort(), ['2025/Iceland', '2026/Anna', 'share/pixmaps'])
    assert.match(
      open.get('2025/Iceland') ?? '',
      /2 imported photos not copied yet: the original is on a drive that is not connected/,
    )
    assert.doesNotMatch(open.get('2026/Anna') ?? '', /not copied yet/)
    assert.match(open.get('share/pixmaps') ?? '', /1 file of the catalog cannot be copied: in a folder of the system/)
  })

  it('and may not be read is said at the import already, and no more when it may', async () => {
    const catalog = at('internal', 'Wedding.lrcat')
    const told = (file: string, roots: readonly string[]) =>
      notProtectedAfter(async (call) => {
        const { refused } = await call('photos/imported', { catalog, roots, photos: [photo(1, file)] })
        assert.equal(refused.length, 1)
      })
    const first = await told('/usr/share/pixmaps/IMG_1.CR3', ['/usr/share'])
    assert.match(
      first.get('/usr/share/pixmaps') ?? '',
      /1 file of the catalog cannot be copied: in a folder of the system/,
    )
    const again = await told('/usr/share/pixmaps/IMG_1.CR3', ['/usr/share'])
    assert.match(again.get('/usr/share/pixmaps') ?? '', /^1 file of the catalog/, 'told twice is one photo')
    const outside = await told(at('elsewhere/IMG_1.CR3'), [])
    assert.match(outside.get(at('elsewhere')) ?? '', /outside the catalog’s folders/)
    write(at('elsewhere/IMG_1.CR3'), 'raw')
    const taken = await notProtectedAfter((call) =>
      call('photos/imported', {
        catalog,
        roots: [at('elsewhere')],
        photos: [photo(1, at('elsewhere/IMG_1.CR3'))],
      }),
    )
    assert.doesNotMatch([...taken.values()].join(), /outside/)
  })
})
