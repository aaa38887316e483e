// A real S3 store for the long suites: Ceph's RADOS Gateway from the Debian packages `radosgw`, `ceph-mon` and `ceph-osd`, with one monitor
// and one object store, no root, loopback only, authentication between its own daemons switched off. Starts in one to three seconds.
import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { createConnection, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { execa } from 'execa'

export interface Ceph {
  readonly url: string
  /** Runs `radosgw-admin` against this store. */
  admin(...args: string[]): Promise<string>
  /** SIGSTOP: the gateway keeps its connections and says nothing any more. */
  freeze(): Promise<void>
  thaw(): Promise<void>
  killGateway(): Promise<void>
  startGateway(): Promise<void>
  /** kill -9 of everything, and everything started again over the same disk; only with `bluestore`. */
  powerCut(): Promise<void>
  stop(): Promise<void>
}

export interface CephOptions {
  /** `memstore` keeps objects in memory; `bluestore` in a sparse file that survives a kill and takes 4–7 s longer to start. */
  readonly store?: 'memstore' | 'bluestore'
}

const PROGRAMS = ['radosgw', 'radosgw-admin', 'ceph-mon', 'ceph-osd', 'monmaptool', 'ceph']

/** @returns what is missing for Ceph to run here, in words; '' when nothing is */
export async function whyNoCeph(): Promise<string> {
  const found = await Promise.all(
    PROGRAMS.map(async (program) => (await execa(program, ['--version'], { reject: false })).exitCode === 0),
  )
  const missing = PROGRAMS.filter((_, index) => !found[index])
  return missing.length === 0
    ? ''
    : `${missing.join(', ')} not installed (Debian: apt-get install -y --no-install-recommends radosgw ceph-mon ceph-osd)`
}

/** For a long suite's `before`: starts Ceph, or says loudly what was not tested. CI sets SAFELIGHT_REQUIRE_CEPH, and then it must start. */
export async function startCephOrSkip(suite: Mocha.Context, options: CephOptions = {}): Promise<Ceph> {
  const why = await whyNoCeph()
  if (why === '') return startCeph(options)
  if (process.env['SAFELIGHT_REQUIRE_CEPH']) throw new Error(`Ceph is required here: ${why}`)
  process.stderr.write(`\n!!! NOT TESTED AGAINST A REAL STORE: ${why}\n\n`)
  return suite.skip()
}

export async function startCeph(options: CephOptions = {}): Promise<Ceph> {
  const folder = mkdtempSync(join(tmpdir(), 'safelight-ceph-'))
  const [gatewayPort, monitorPort] = await freePorts()
  const config = join(folder, 'ceph.conf')
  const fsid = randomUUID()
  for (const name of ['mon', 'osd', 'rgw']) await mkdir(join(folder, name))
  await writeFile(config, configuration(folder, fsid, gatewayPort, monitorPort, options.store ?? 'memstore'))
  const run = (program: string, ...args: string[]) => execa(program, ['-c', config, ...args], { timeout: 60_000 })

  const startMonitor = () => run('ceph-mon', '-i', 'a')
  const startStore = () => insist(() => run('ceph-osd', '-i', '0'))
  const startGateway = async (): Promise<void> => {
    await run('radosgw', '-n', 'client.rgw')
    await listening(gatewayPort)
  }
  const signal = async (daemon: string, name: NodeJS.Signals): Promise<void> => {
    const pid = Number(await readFile(join(folder, `${daemon}.pid`), 'utf8'))
    process.kill(pid, name)
    if (name === 'SIGKILL') while (isRunning(pid)) await pause(5)
  }

  const monmap = join(folder, 'monmap')
  await execa('monmaptool', [
    '--create',
    '--clobber',
    '--fsid',
    fsid,
    '--addv',
    'a',
    `[v1:127.0.0.1:${monitorPort}]`,
    monmap,
  ])
  await run('ceph-mon', '--mkfs', '-i', 'a', '--monmap', monmap)
  await startMonitor()
  const osd = randomUUID()
  // Two races of Ceph's own: the monitor may not be ready for the first, nor its map for the second.
  await insist(() => run('ceph', 'osd', 'new', osd))
  await run('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', osd)
  await startStore()
  await run(
    'radosgw-admin',
    'user',
    'create',
    '--uid=t',
    '--display-name=t',
    '--access-key=test',
    '--secret-key=testsecret',
  )
  await startGateway()

  return {
    url: `http://127.0.0.1:${gatewayPort}`,
    admin: async (...args) => (await run('radosgw-admin', ...args)).stdout,
    freeze: () => signal('client.rgw', 'SIGSTOP'),
    thaw: () => signal('client.rgw', 'SIGCONT'),
    killGateway: () => signal('client.rgw', 'SIGKILL'),
    startGateway,
    async powerCut() {
      for (const daemon of ['client.rgw', 'osd.0', 'mon.a']) await signal(daemon, 'SIGKILL')
      await startMonitor()
      await startStore()
      await startGateway()
    },
    async stop() {
      for (const daemon of ['client.rgw', 'osd.0', 'mon.a']) await signal(daemon, 'SIGKILL').catch(ignoreGone)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function configuration(folder: string, fsid: string, gatewayPort: number, monitorPort: number, store: string): string {
  const lines: Record<string, string | number | boolean> = {
    fsid,
    mon_host: `[v1:127.0.0.1:${monitorPort}]`,
    public_addr: '127.0.0.1',
    cluster_addr: '127.0.0.1',
    auth_cluster_required: 'none',
    auth_service_required: 'none',
    auth_client_required: 'none',
    osd_pool_default_size: 1,
    osd_pool_default_min_size: 1,
    osd_pool_default_pg_num: 8,
    osd_pool_default_pgp_num: 8,
    osd_pool_default_pg_autoscale_mode: 'off',
    osd_crush_chooseleaf_type: 0,
    mon_allow_pool_size_one: true,
    mon_max_pg_per_osd: 1000,
    mon_data_avail_crit: 0,
    // These two cut the start from about 13 s to one or two.
    paxos_propose_interval: 0.02,
    paxos_min_wait: 0.01,
    run_dir: folder,
    log_file: `${folder}/$name.log`,
    admin_socket: `${folder}/$name.asok`,
    pid_file: `${folder}/$name.pid`,
    mon_data: `${folder}/mon`,
    osd_data: `${folder}/osd`,
    osd_objectstore: store,
    memstore_device_bytes: 12 * 1024 ** 3,
    bluestore_block_size: 20 * 1024 ** 3,
    osd_class_load_list: '*',
    osd_class_default_list: '*',
    rgw_data: `${folder}/rgw`,
    rgw_frontends: `beast endpoint=127.0.0.1:${gatewayPort}`,
    // Deleted bytes are given back within seconds; a full store would make the gateway hang.
    rgw_gc_obj_min_wait: 2,
    rgw_gc_processor_period: 2,
    rgw_gc_processor_max_time: 2,
    rgw_lc_debug_interval: 10,
  }
  return ['[global]', ...Object.entries(lines).map(([name, value]) => `${name} = ${value}`), ''].join('\n')
}

async function insist(start: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await start()
      return
    } catch (error) {
      if (attempt === 10) throw error
      await pause(200)
    }
  }
}

async function listening(port: number): Promise<void> {
  for (let attempt = 1; attempt <= 400; attempt++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = createConnection(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (isOpen) return
    await pause(50)
  }
  throw new Error('the gateway did not begin to listen within 20 s')
}

async function freePorts(): Promise<[number, number]> {
  const servers = await Promise.all([1, 2].map(() => freePort()))
  const ports = servers.map(({ port }) => port)
  await Promise.all(servers.map(({ close }) => close()))
  return [ports[0] ?? 0, ports[1] ?? 0]
}

async function freePort(): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { port, close: () => new Promise((resolve) => void server.close(() => resolve())) }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    ignoreGone(error)
    return false
  }
}

function ignoreGone(error: unknown): void {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'ESRCH' && code !== 'ENOENT') throw error
}
