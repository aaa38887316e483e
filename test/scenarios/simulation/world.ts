// A photographer's world in a folder: a library, drives in and out of their sockets, and the model of all of them, which is nothing but
// what was done to them. The model never asks the engine; the judge (judge.ts) compares the two.
import fs from 'node:fs'
import path from 'node:path'
import { systemFiles } from '../../../helper/files/durable.js'
import { contentOf, hashOf } from '../../support/shoots.js'
import type { Volumes } from '../../../helper/files/volumes.js'
import { foldersAsDisks } from '../../support/daemon.js'
import { Cloud, type Store } from './cloud.js'
import type { Surface } from './surface.js'

export type Draw = () => number

export interface Original {
  /** Of the bytes as the photographer last left them; rot does not move it. */
  hash: string
  mtimeMs: number
  isRotten: boolean
}

/** A file of a drive's as it was found: where, and what. */
export type Lying = ReadonlyMap<string, string>

export interface Drive {
  readonly name: string
  readonly socket: string
  readonly shelf: string
}

export class World {
  readonly root: string
  readonly home: string
  readonly library: string
  readonly drives: readonly Drive[]
  readonly surface: Surface
  readonly cloud: Cloud
  /** By path below the library. */
  readonly originals = new Map<string, Original>()
  /** Every content that a path ever had by the photographer's own hand. */
  readonly contents = new Map<string, Set<string>>()
  /** Contents that rot made, wherever: they may lie about, and are nobody's copy. */
  readonly rotten = new Set<string>()
  /** What was done to a drive behind the engine's back, and when: paths that no longer need to be there. */
  readonly destroyed = new Map<string, Map<string, number>>()
  /** What the marker of each drive says, as soon as there is one. */
  readonly markers = new Map<Drive, string>()
  /** Drives whose records were altered by rot. */
  readonly spoiled = new Set<string>()
  clockMs = Date.UTC(2024, 0, 1, 8)
  #made = 0

  constructor(root: string, surface: Surface, names: readonly string[], store: Store) {
    this.root = root
    this.surface = surface
    this.cloud = new Cloud(store)
    this.home = path.join(root, 'home')
    this.library = path.join(root, 'disk', 'Pictures')
    this.drives = names.map((name) => ({
      name,
      socket: path.join(root, name),
      shelf: path.join(root, 'shelf', name),
    }))
    for (const folder of [this.library, path.join(root, 'shelf'), ...this.drives.map(({ socket }) => socket)])
      fs.mkdirSync(folder, { recursive: true })
  }

  // ── the library ──

  write(relative: string, draw: Draw): void {
    const file = path.join(this.library, relative)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    this.#made += 1
    fs.writeFileSync(file, contentOf(1 + Math.floor(draw() * draw() * 6000), this.#made))
    // Whole seconds: what a fraction becomes on its way through the system and back is nobody's promise.
    const mtimeMs = (Math.floor(this.clockMs / 1000) - Math.floor(draw() * 1000)) * 1000
    fs.utimesSync(file, mtimeMs / 1000, mtimeMs / 1000)
    const hash = hashOf(file)
    this.originals.set(relative, { hash, mtimeMs, isRotten: false })
    this.remember(relative, hash)
  }

  remember(relative: string, hash: string): void {
    const known = this.contents.get(relative) ?? new Set()
    this.contents.set(relative, known.add(hash))
  }

  rename(from: string, to: string): void {
    const original = this.originals.get(from)
    if (!original || this.originals.has(to)) return
    fs.mkdirSync(path.dirname(path.join(this.library, to)), { recursive: true })
    fs.renameSync(path.join(this.library, from), path.join(this.library, to))
    this.originals.delete(from)
    this.originals.set(to, original)
    this.remember(to, original.hash)
    if (original.isRotten) this.rotten.add(hashOf(path.join(this.library, to)))
  }

  remove(relative: string): void {
    fs.rmSync(path.join(this.library, relative))
    this.originals.delete(relative)
  }

  rotOriginal(relative: string, draw: Draw): void {
    const file = path.join(this.library, relative)
    const original = this.originals.get(relative)
    if (!original || original.isRotten || fs.statSync(file).size === 0) return
    rot(file, draw, this.surface)
    const hash = hashOf(file)
    // Before anybody has written down what it reads as there is nothing to tell it from an edit by; bytes alone, of a copy that was killed
    // before it was written down, are no witness of which of the two came first.
    if (this.#isWrittenDown(original.hash)) {
      this.rotten.add(hash)
      original.isRotten = true
    } else {
      original.hash = hash
      this.remember(relative, hash)
    }
  }

  #isWrittenDown(hash: string): boolean {
    return this.drives.some((drive) => {
      const folder = path.join(this.folderOf(drive), 'Safelight')
      return [...lyingBelow(folder).keys()].some(
        (file) => isRecord(file) && fs.readFileSync(path.join(folder, file), 'utf8').includes(hash),
      )
    })
  }

  // ── drives ──

  /** Every folder is a disk, but the socket of a drive that was pulled: what is written there goes to the computer's own disk. */
  get volumes(): Volumes {
    const disks = foldersAsDisks(this.root)
    return {
      ...disks,
      describe: async (file) => {
        const isEmpty = this.drives.some(({ socket, shelf }) => isBelow(socket, file) && fs.existsSync(shelf))
        return isEmpty ? { ...(await disks.describe(this.library)), mountPoint: this.root } : disks.describe(file)
      },
    }
  }

  isIn({ socket }: Drive): boolean {
    return fs.existsSync(path.join(socket, 'Safelight'))
  }

  /** Where the drive's own folder is, in or out of its socket. */
  folderOf(drive: Drive): string {
    return fs.existsSync(drive.shelf) ? drive.shelf : drive.socket
  }

  pull(drive: Drive, leavesFolder: boolean): void {
    if (fs.existsSync(drive.shelf)) return
    fs.renameSync(drive.socket, drive.shelf)
    if (leavesFolder) fs.mkdirSync(drive.socket)
  }

  plug(drive: Drive): void {
    if (!fs.existsSync(drive.shelf)) return
    fs.rmSync(drive.socket, { recursive: true, force: true })
    fs.renameSync(drive.shelf, drive.socket)
  }

  /** A file of a drive rots: a copy, or one of the records. */
  rotAt(drive: Drive, kind: 'copy' | 'record', draw: Draw): string {
    const folder = path.join(this.folderOf(drive), 'Safelight')
    const files = [...lyingBelow(folder).keys()].filter(
      (file) => isRecord(file) === (kind === 'record') && fs.statSync(path.join(folder, file)).size > 0,
    )
    const relative = files[Math.floor(draw() * files.length)]
    if (relative === undefined) return 'nothing'
    const file = path.join(folder, relative)
    this.destroy(drive, relative, hashOf(file))
    rot(file, draw, this.surface)
    this.rotten.add(hashOf(file))
    if (kind === 'record') this.spoiled.add(drive.name)
    return relative
  }

  /** An object of the bucket rots; the store does not know. */
  rotInCloud(draw: Draw): string {
    const [said, rotten] = this.cloud.rot(draw)
    if (rotten !== undefined) this.rotten.add(rotten)
    return said
  }

  loseAt(drive: Drive, draw: Draw): string {
    const folder = path.join(this.folderOf(drive), 'Safelight')
    const files = [...lyingBelow(folder).keys()].filter((file) => !isRecord(file))
    const relative = files[Math.floor(draw() * files.length)]
    if (relative === undefined) return 'nothing'
    this.destroy(drive, relative, hashOf(path.join(folder, relative)))
    fs.rmSync(path.join(folder, relative))
    return relative
  }

  destroy(drive: Drive, relative: string, hash: string): void {
    const gone = this.destroyed.get(drive.name) ?? new Map<string, number>()
    this.destroyed.set(drive.name, gone.set(`${relative} ${hash}`, this.clockMs))
  }

  /** Looks up what the markers say, as the photographer could. */
  readMarkers(): void {
    for (const drive of this.drives) {
      const marker = path.join(this.folderOf(drive), 'Safelight', 'place.json')
      if (!this.markers.has(drive) && fs.existsSync(marker)) this.markers.set(drive, fs.readFileSync(marker, 'utf8'))
    }
  }

  driveOfPlace(id: string): Drive | undefined {
    const known = [...this.markers].find(([, text]) => text.includes(`"${id}"`))?.[0]
    // A bit of the id itself may have rotted: for whoever never knew the drive it is another one.
    return known ?? this.drives.find((drive) => this.#markerNow(drive).includes(`"${id}"`))
  }

  #markerNow(drive: Drive): string {
    const marker = path.join(this.folderOf(drive), 'Safelight', 'place.json')
    return fs.existsSync(marker) ? fs.readFileSync(marker, 'utf8') : ''
  }

  lyingAt(drive: Drive): Lying {
    return lyingBelow(path.join(this.folderOf(drive), 'Safelight'))
  }

  /** Everything that lies at any place, by the drive's name or the bucket's tree. */
  lying(): Map<string, Lying> {
    const drives = this.drives.map((drive) => [drive.name, this.lyingAt(drive)] as const)
    return new Map([...drives, ...this.cloud.trees()])
  }

  /** Whether a drive had this at a time, and it was done away with behind the engine's back since. */
  wasThere(holder: string, name: string, hash: string, atMs: number): boolean {
    const gone = [...(this.destroyed.get(holder) ?? [])]
    return gone.some(([what, sinceMs]) => atMs <= sinceMs && what.endsWith(`/${name} ${hash}`))
  }

  /** Whether this was done away with behind the engine's back. */
  isDestroyed(holder: string, file: string, hash: string): boolean {
    return (
      this.destroyed.get(holder)?.has(`${file} ${hash}`) === true ||
      this.cloud.destroyed.has(`${holder}/${file} ${hash}`)
    )
  }
}

/** One wrong bit under the same size and dates. */
export function rot(file: string, draw: Draw, surface?: Surface): void {
  const before = systemFiles.stat(file)
  const { atimeMs, mtimeMs } = fs.statSync(file)
  const bytes = fs.readFileSync(file)
  bytes[Math.floor(draw() * bytes.length)]! ^= 1 << Math.floor(draw() * 8)
  const descriptor = fs.openSync(file, 'r+')
  fs.writeSync(descriptor, bytes, 0, bytes.length, 0)
  fs.futimesSync(descriptor, atimeMs / 1000, mtimeMs / 1000)
  fs.closeSync(descriptor)
  forget(file)
  if (before) surface?.hideChange(file, before)
}

function isBelow(folder: string, file: string): boolean {
  return `${file}/`.startsWith(`${folder}/`)
}

export function isRecord(file: string): boolean {
  return /(^|\/)(safelight\.b3|safelight-log\.jsonl|chain\.jsonl|place\.json|\.safelight-turn|HOW-TO-RESTORE\.txt|status\.html)$/.test(
    file,
  )
}

export function isTemporary(file: string): boolean {
  return /(^|\/)\.safelight-[^/]*\.tmp$/.test(file)
}

/** Hashes of files that did not change since they were last read: by inode, size and time of change. */
const hashes = new Map<string, string>()

export function hashNow(file: string): string {
  const { ino, size, ctimeMs } = fs.statSync(file)
  const key = `${ino} ${size} ${ctimeMs}`
  const known = hashes.get(key) ?? hashOf(file)
  hashes.set(key, known)
  return known
}

/** The time of change is told in ticks of some milliseconds: what is altered here is read anew whatever the time says. */
function forget(file: string): void {
  const { ino, size, ctimeMs } = fs.statSync(file)
  hashes.delete(`${ino} ${size} ${ctimeMs}`)
}

export function lyingBelow(folder: string): Map<string, string> {
  const found = new Map<string, string>()
  if (!fs.existsSync(folder)) return found
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    found.set(path.relative(folder, file), hashNow(file))
  }
  return found
}
