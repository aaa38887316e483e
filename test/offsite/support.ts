// A photographer with a bucket, for tests: a home, originals, a drive, each folder a disk of its own, and a daemon over them. What lies in
// the bucket is looked at through a client of the test's own.
import path from 'node:path'
import fs from 'node:fs'
import type { Daemon } from '../../helper/daemon.js'
import { WaitReasons } from '../../helper/manners/wait-reasons.js'
import type { BackupResult, MethodName, Params, Result } from '../../shared/methods.js'
import { call, foldersAsDisks, withDaemon } from '../support/daemon.js'
import { freshFolder, makeTree, type Tree } from '../support/shoots.js'
import { startDouble, type S3Double } from '../support/s3/double.js'
import { collect, makeBucket, openTestStore, readAll, setTestCredentials } from '../support/s3/fixture.js'

export interface Studio {
  readonly root: string
  readonly home: string
  readonly originals: string
  readonly drive: string
  /** Why upkeep waits; nothing does unless a test adds a reason. */
  readonly waiting: WaitReasons
  /** Calls one method in a daemon of its own, as a command does. */
  call<M extends MethodName>(method: M, params: Params<M>, options?: CallOptions): Promise<Result<M>>
  with<T>(act: (daemon: Daemon) => Promise<T>, clock?: () => number): Promise<T>
  /** Everything in a bucket below a prefix: key without the machine's folder → bytes. */
  tree(url: string, bucket: string, prefix: string): Promise<Map<string, Buffer>>
  remove(): void
}

export interface CallOptions {
  readonly signal?: AbortSignal
  readonly clock?: () => number
}

export function studio(originals: Tree = {}): Studio {
  setTestCredentials()
  const root = freshFolder()
  const waiting = new WaitReasons(() => undefined)
  const at = (name: string): string => path.join(root, name)
  fs.mkdirSync(at('drive'))
  makeTree(at('Pictures'), originals)
  const act = (clock?: () => number) => ({
    home: at('home'),
    volumes: foldersAsDisks(root),
    waiting,
    ...(clock ? { clock } : {}),
  })
  return {
    root,
    home: at('home'),
    originals: at('Pictures'),
    drive: at('drive'),
    waiting,
    with: (run, clock) => withDaemon(act(clock), run),
    call: (method, params, { signal, clock } = {}) =>
      call({ ...act(clock), ...(signal ? { signal } : {}) }, method, params),
    async tree(url, bucket, prefix) {
      const store = openTestStore(url, bucket)
      try {
        const found = new Map<string, Buffer>()
        const own = prefix.split('/').length + 1
        for (const { key } of await collect(store.list(`${prefix}/`)))
          if (!key.includes('/.safelight-probe/'))
            found.set(key.split('/').slice(own).join('/'), await readAll(store, key))
        return found
      } finally {
        store.close()
      }
    },
    remove: () => fs.rmSync(root, { recursive: true, force: true }),
  }
}

/** Inside a `describe`: a store that lives as long as its cases. */
export function doubleFor(profile: Parameters<typeof startDouble>[0]): () => S3Double {
  let double: S3Double
  before(async () => {
    double = await startDouble(profile)
  })
  after(() => double.close())
  return () => double
}

export interface BucketWish extends NonNullable<Params<'place/add'>['bucket']> {
  /** Whether the bucket can lock; it can when this is left out. */
  readonly lock?: boolean
}

/** A studio with an empty bucket on this store, and that bucket and the drive as its places. */
export async function studioWithBucket(
  url: string,
  originals: Tree,
  { lock = true, ...wish }: BucketWish = {},
): Promise<{ room: Studio; bucket: string }> {
  const room = studio(originals)
  const bucket = await makeBucket(url, { lock })
  await addPlaces(room, url, bucket, wish)
  return { room, bucket }
}

/** The drive, and the bucket as "Cloud", below `backup`. */
export async function addPlaces(
  room: Studio,
  url: string,
  bucket: string,
  wish: Params<'place/add'>['bucket'] = {},
): Promise<void> {
  await room.call('place/add', { path: room.drive })
  await room.call('place/add', { path: `s3://${bucket}/backup`, name: 'Cloud', bucket: { endpoint: url, ...wish } })
}

/** The first bucket's part of a backup's answer. @throws when there is none */
export function offsiteOf({ offsite }: BackupResult): NonNullable<BackupResult['offsite']>[number] {
  const first = offsite?.[0]
  if (!first) throw new Error('the answer says nothing of a bucket')
  return first
}

/** Photos and records of a tree, without what belongs to the place as a whole. */
export function below(tree: ReadonlyMap<string, Buffer>, folder: string): string[] {
  return [...tree.keys()].filter((key) => key.startsWith(`${folder}/`)).sort()
}
