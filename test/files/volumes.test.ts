// The real tools on the real machine: a loop device, a bind mount, memory, a dead mount. Where this machine does not let a test mount
// anything, the test says so and is left out.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ANSWER_LASTS_MS, deviceRelation, systemVolumes, type RunCommand } from '../../helper/files/volumes.js'
import { findmnt } from './volumes/captures/linux.js'

const noTools: RunCommand = () => Promise.reject(new Error('spawn ENOENT'))

describe('the volumes of this machine', () => {
  let folder = ''
  const mounted: string[] = []
  const volumes = systemVolumes()

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'safelight-volumes-')))
  })
  afterEach(() => {
    for (const target of mounted.splice(0).reverse()) execFileSync('umount', [target])
    rmSync(folder, { recursive: true })
  })

  /** Mounts at a new folder of that name, or leaves the test out with the reason. */
  function mount(test: Mocha.Context, name: string, ...args: string[]): string {
    const target = join(folder, name)
    mkdirSync(target)
    tool(test, 'mount', ...args, target)
    mounted.push(target)
    return target
  }

  function tool(test: Mocha.Context, file: string, ...args: string[]): void {
    try {
      execFileSync(file, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    } catch (error) {
      console.log(`      left out: ${file} is not possible here (${String(error).split('\n')[1] ?? String(error)})`)
      test.skip()
    }
  }

  function image(test: Mocha.Context, name: string, inside = folder): string {
    const file = join(inside, name)
    writeFileSync(file, '')
    truncateSync(file, 16 * 2 ** 20)
    tool(test, 'mkfs.ext4', '-q', '-L', 'Über see', file)
    return file
  }

  it('names a device for any folder, with room that adds up', async () => {
    const volume = await volumes.describe(folder)
    assert.ok(volume.devices.length > 0)
    assert.ok(folder.startsWith(volume.mountPoint), volume.mountPoint)
    const { freeBytes, totalBytes } = volumes.room(folder)
    assert.ok(freeBytes > 0 && freeBytes <= totalBytes)
  })

  it('asks of a path that does not exist by its nearest parent, also below a file and through a link', async () => {
    const volume = await volumes.describe(folder)
    writeFileSync(join(folder, 'file'), '')
    symlinkSync(folder, join(folder, 'link'))
    for (const path of ['a/b/c', 'file/b', 'link/b'])
      assert.deepEqual(await volumes.describe(join(folder, path)), volume)
    assert.equal(volumes.room(join(folder, 'a/b')).totalBytes, volumes.room(folder).totalBytes)
  })

  it('without any tool knows the number of the device and no more', async () => {
    for (const platform of ['linux', 'darwin', 'win32', 'freebsd'] as const) {
      const { devices, medium, fileSystem, isReadOnly } = await systemVolumes(noTools, platform).describe(folder)
      assert.deepEqual(devices, [`dev:${statSync(folder).dev}`])
      assert.deepEqual([medium, fileSystem, isReadOnly], ['unknown', 'unknown', false])
    }
  })

  it('a tool that talks nonsense is as good as none', async () => {
    const nonsense: RunCommand = () => Promise.resolve('{"filesystems": [{"target": 7}]}')
    for (const platform of ['linux', 'darwin', 'win32'] as const)
      assert.equal((await systemVolumes(nonsense, platform).describe(folder)).medium, 'unknown')
  })

  it('an image in a loop device is on the disk below its file, and has its own name and identity', async function () {
    const target = mount(this, 'mount point é 📷', '-o', 'loop', image(this, 'image'))
    const [below, volume] = [await volumes.describe(folder), await volumes.describe(join(target, 'new', 'folder'))]
    assert.equal(volume.mountPoint, target)
    assert.deepEqual([volume.fileSystem, volume.label, volume.medium], ['ext4', 'Über see', 'image'])
    assert.match(volume.volumeId ?? '', /^[0-9a-f-]{36}$/)
    assert.deepEqual(volume.devices, below.devices)
    assert.notEqual(deviceRelation(volume, below), 'separate')
    assert.ok(volumes.room(target).totalBytes < 16 * 2 ** 20)
  })

  it('an image on an image is on the disk at the bottom', async function () {
    const outer = mount(this, 'outer', '-o', 'loop', image(this, 'image'))
    const file = join(outer, 'inner')
    writeFileSync(file, '')
    truncateSync(file, 4 * 2 ** 20)
    tool(this, 'mkfs.ext4', '-q', file)
    const inner = mount(this, 'inner', '-o', 'loop', file)
    assert.deepEqual((await volumes.describe(inner)).devices, (await volumes.describe(folder)).devices)
  })

  it('a file system keeps its identity when it is mounted again', async function () {
    const file = image(this, 'image')
    const first = await volumes.describe(mount(this, 'first', '-o', 'loop', file))
    execFileSync('umount', [mounted.pop() ?? ''])
    const again = await volumes.describe(mount(this, 'again', '-o', 'loop', file))
    assert.ok(first.volumeId)
    assert.equal(again.volumeId, first.volumeId)
    assert.notEqual(again.mountPoint, first.mountPoint)
  })

  it('another file system at the same place is seen at once', async function () {
    const target = mount(this, 'drive', '-o', 'loop', image(this, 'one'))
    const first = await volumes.describe(target)
    execFileSync('umount', [target])
    assert.equal((await volumes.describe(target)).mountPoint, (await volumes.describe(folder)).mountPoint)
    execFileSync('mount', ['-o', 'loop', image(this, 'two'), target])
    const second = await volumes.describe(target)
    assert.equal(second.mountPoint, target)
    assert.notEqual(second.volumeId, first.volumeId)
  })

  it('a bind mount is the volume that it shows, in another place and with its own leave to write', async function () {
    mkdirSync(join(folder, 'shown'))
    const target = mount(this, 'bound', '--bind', join(folder, 'shown'))
    const below = await volumes.describe(folder)
    const volume = await volumes.describe(target)
    assert.deepEqual(volume, { ...below, mountPoint: target })
    tool(this, 'mount', '-o', 'remount,bind,ro', target)
    assert.equal((await systemVolumes().describe(target)).isReadOnly, true)
    assert.equal((await systemVolumes().describe(folder)).isReadOnly, false)
  })

  it('memory is memory, also below an image', async function () {
    const memory = mount(this, 'memory', '-t', 'tmpfs', '-o', 'size=32m', 'tmpfs')
    const { devices, medium, fileSystem } = await volumes.describe(memory)
    assert.deepEqual([devices, medium, fileSystem], [['memory'], 'memory', 'tmpfs'])
    const above = await volumes.describe(mount(this, 'above', '-o', 'loop', image(this, 'image', memory)))
    assert.deepEqual([above.devices, above.medium], [['memory'], 'image'])
  })

  it('an overlay is on the devices of its layers', async function () {
    const memory = mount(this, 'memory', '-t', 'tmpfs', '-o', 'size=32m', 'tmpfs')
    for (const name of ['upper', 'work']) mkdirSync(join(memory, name))
    const layers = `lowerdir=${memory},upperdir=${join(memory, 'upper')},workdir=${join(memory, 'work')}`
    const lower = join(folder, 'lower')
    mkdirSync(lower)
    const overlay = mount(this, 'overlay', '-t', 'overlay', '-o', layers.replace(memory, lower), 'overlay')
    const [below, volume] = [await volumes.describe(lower), await volumes.describe(overlay)]
    assert.deepEqual(volume.devices, [...below.devices, 'memory'].sort())
  })

  it('a mount that does not answer is an error, not the disk that it hides', async function () {
    const target = join(folder, 'dead')
    mkdirSync(target)
    // The kernel's side of a FUSE mount whose program is gone, as a crashed sshfs leaves it.
    tool(
      this,
      'sh',
      '-c',
      'exec 3<>/dev/fuse; mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 dead "$1"',
      'sh',
      target,
    )
    mounted.push(target)
    await assert.rejects(volumes.describe(join(target, 'photos')), { code: 'VOLUME_AWAY' })
    assert.throws(() => volumes.room(join(target, 'photos')), { code: 'VOLUME_AWAY' })
  })
})

describe('asking for volumes', () => {
  const folder = realpathSync(tmpdir())
  const row = { target: '/', source: 'tmpfs', fstype: 'tmpfs', numbers: '0:30' }

  it('many times in a row asks about the disks once, and again after a while or when another drive is there', async () => {
    let asked = 0
    let now = 1_000
    let mounted = row
    const run: RunCommand = (file) => {
      if (file === 'lsblk') asked += 1
      return Promise.resolve(file === 'findmnt' ? findmnt(mounted) : '{"blockdevices": []}')
    }
    const volumes = systemVolumes(run, 'linux', () => now)
    await Promise.all([volumes.describe(folder), volumes.describe(folder)])
    now += ANSWER_LASTS_MS - 1
    assert.equal((await volumes.describe(folder)).medium, 'memory')
    assert.equal(asked, 1)
    now += 1
    await volumes.describe(folder)
    assert.equal(asked, 2)
    mounted = { ...row, source: 'another' }
    await volumes.describe(folder)
    assert.equal(asked, 3)
  })

  it('ends when a volume seems to lie on itself, and then claims no device', async () => {
    const itself = findmnt({ ...row, source: folder, fstype: 'fuse.bindfs' })
    const run: RunCommand = (file) => Promise.resolve(file === 'findmnt' ? itself : '{"blockdevices": []}')
    assert.deepEqual((await systemVolumes(run, 'linux').describe(folder)).devices, [`dev:${statSync(folder).dev}`])
  })

  it('claims no device when the file below cannot be seen from here', async () => {
    const options = 'rw,lowerdir=/nowhere/l,upperdir=/nowhere/u,workdir=/nowhere/w'
    const run: RunCommand = (file) =>
      Promise.resolve(
        file === 'findmnt'
          ? findmnt({ ...row, source: 'overlay', fstype: 'overlay', options })
          : '{"blockdevices": []}',
      )
    const { devices, fileSystem, medium } = await systemVolumes(run, 'linux').describe(folder)
    assert.deepEqual([devices, fileSystem, medium], [[`dev:${statSync(folder).dev}`], 'overlay', 'unknown'])
  })
})
