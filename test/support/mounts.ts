// Real disks for tests: small file systems in a file, mounted, and unmounted when the test is over. Needs the right to mount; where the
// machine does not give it, the reason is printed and the test is skipped with it.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { execaSync } from 'execa'

export interface Mounted {
  readonly folder: string
  unmount(): void
}

/** A file system that keeps what it holds while it is away. */
export interface MountedImage extends Mounted {
  /** Puts it back where it was. */
  mountAgain(): void
}

/** @returns the mounted file system, or why there is none */
export function mountImage(
  scratch: string,
  name: string,
  type: 'ext4' | 'exfat' | 'vfat',
  sizeMb: number,
): MountedImage | string {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux may mount'
  const image = path.join(scratch, `${name}.img`)
  const folder = path.join(scratch, name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(image, '')
  const make = { ext4: ['mkfs.ext4', '-q', '-F', '-m', '0'], exfat: ['mkfs.exfat'], vfat: ['mkfs.vfat'] }[type]
  const mount = ['sh', '-c', type === 'exfat' ? MOUNT_EXFAT : 'mount -o loop "$1" "$2"', 'mount', image, folder]
  const steps: readonly (readonly string[])[] = [['truncate', '-s', `${sizeMb}M`, image], [...make, image], mount]
  for (const [command = '', ...args] of steps) {
    const { exitCode, stderr, code } = execaSync(command, args, { reject: false })
    if (code === 'ENOENT') return `${type}: ${command} is not installed`
    if (exitCode !== 0) return `${type}: ${stderr.split('\n')[0] ?? ''}`
  }
  const [command = '', ...args] = mount
  return { folder, unmount: () => unmount(folder, image), mountAgain: () => void execaSync(command, args) }
}

/** The kernel's own exFAT where it has one, else the one in user space, which wants a device. */
const MOUNT_EXFAT = `mount -t exfat -o loop "$1" "$2" 2>/dev/null && exit 0
device=$(losetup --find --show "$1") || exit 1
mount.exfat-fuse "$device" "$2" >&2 || { losetup --detach "$device"; exit 1; }`

function unmount(folder: string, image: string): void {
  execaSync('umount', ['-l', folder], { reject: false })
  const { stdout } = execaSync('losetup', ['--noheadings', '--output', 'NAME', '--associated', image], {
    reject: false,
  })
  for (const device of stdout.split('\n').filter((line) => line !== ''))
    execaSync('losetup', ['--detach', device.trim()], { reject: false })
}

export function bindMount(from: string, to: string, ...options: string[]): Mounted | string {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux may mount'
  mkdirSync(to, { recursive: true })
  const { exitCode, stderr } = execaSync('mount', ['--bind', from, to], { reject: false })
  if (exitCode !== 0) return stderr
  for (const option of options) execaSync('mount', ['-o', `remount,bind,${option}`, to], { reject: false })
  return { folder: to, unmount: () => void execaSync('umount', ['-l', to], { reject: false }) }
}
