// A helper with a page, in this process, and a small library whose state a test decides: originals on one disk, copies on others.
import fs from 'node:fs'
import path from 'node:path'
import type { Activity } from '../../helper/status/activity.js'
import { Daemon } from '../../helper/daemon.js'
import type { RequestContext } from '../../helper/server/handlers.js'
import { runServe } from '../../helper/service/serve.js'
import type { Endpoint } from '../../helper/service/endpoint.js'
import { RpcClient } from '../../helper/server/client.js'
import type { MethodName, Params, Result } from '../../shared/methods.js'
import { foldersAsDisks } from '../support/daemon.js'
import { PROJECT } from '../support/safelight.js'
import { freshFolder, makeTree, type Tree } from '../support/shoots.js'

export const PAGE = path.join(PROJECT, 'dist', 'page')

export interface World {
  readonly folder: string
  readonly home: string
  readonly daemon: Daemon
  readonly activity: Activity
  readonly endpoint: Endpoint
  /** A link that opens the page once. */
  readonly link: () => Promise<string>
  readonly call: <M extends MethodName>(method: M, params: Params<M>) => Promise<Result<M>>
  /** Stops the helper; may be called twice. */
  readonly stop: () => Promise<void>
  readonly close: () => Promise<void>
}

export interface WorldOptions {
  readonly clock?: () => number
  readonly page?: string
  /** Below the world's folder. */
  readonly home?: string
  /** On a disk instead of in memory: below /dev no catalog may have a root folder. */
  readonly isOnDisk?: boolean
}

const CONTEXT: RequestContext = {
  signal: new AbortController().signal,
  client: { kind: 'cli', version: 'test' },
  progress: () => undefined,
}

export async function openWorld({
  clock,
  page = PAGE,
  home: at = 'home',
  isOnDisk = false,
}: WorldOptions = {}): Promise<World> {
  const folder = freshFolder({ inMemory: !isOnDisk })
  const home = path.join(folder, at)
  fs.mkdirSync(home, { recursive: true, mode: 0o700 })
  const daemon = await Daemon.open({
    home,
    command: 'test',
    helper: 'running',
    volumes: foldersAsDisks(folder),
    ...(clock ? { clock } : {}),
  })
  const stopper = new AbortController()
  let ready: (endpoint: Endpoint) => void = () => undefined
  const isReady = new Promise<Endpoint>((resolve) => (ready = resolve))
  const serving = runServe({
    home,
    logs: path.join(home, 'logs'),
    version: '0.1.0',
    handlers: daemon.handlers,
    signal: stopper.signal,
    now: () => new Date(),
    onFault: (error) => {
      throw error
    },
    onReady: (endpoint) => ready(endpoint),
    page,
  })
  const endpoint = await isReady
  const client = await RpcClient.connect({
    port: endpoint.port,
    token: endpoint.token,
    client: 'cli',
    version: '0.1.0',
  })
  const stop = async (): Promise<void> => {
    stopper.abort()
    await serving
  }
  return {
    folder,
    home,
    daemon,
    activity: daemon.activity,
    endpoint,
    link: async () => (await client.call('page/open', {})).url,
    call: async (method, params) => {
      const handler = daemon.handlers[method]
      if (!handler) throw new Error(`there is no ${method}`)
      return handler(params, CONTEXT)
    },
    stop,
    close: async () => {
      await client.close()
      await stop()
      daemon.close()
      fs.rmSync(folder, { recursive: true, force: true, maxRetries: 40, retryDelay: 50 })
    },
  }
}

export const LIBRARY: Tree = {
  Pictures: {
    '2026': {
      Iceland: { 'IMG_0412.CR3': 90_000, 'IMG_0413.CR3': 80_000, 'IMG_0414.CR3': 70_000 },
      'Wedding Ana and Tom': { 'AT_0001.NEF': 60_000, 'AT_0002.NEF': 61_000, 'AT_0001.xmp': 2000 },
      'Studio portraits': { 'P_0001.ARW': 50_000, 'P_0002.ARW': 51_000 },
    },
  },
}

/** Originals copied to two drives; the second stands elsewhere. */
export async function fillLibrary({ folder, daemon, call }: World): Promise<void> {
  makeTree(path.join(folder, 'internal'), LIBRARY)
  for (const drive of ['Studio SSD', 'Vault at home']) {
    fs.mkdirSync(path.join(folder, drive))
    await call('place/add', { path: path.join(folder, drive), name: drive })
  }
  daemon.journal.run(`UPDATE places SET location = 'off-site' WHERE name = 'Vault at home'`)
  await call('backup/run', { paths: [path.join(folder, 'internal', 'Pictures')], to: [] })
}
