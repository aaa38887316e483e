// Disks that lose their power. A record of calls (record.ts) is played call by call: each file and folder has what is on the platter for
// certain, and what was asked since its last sync and may or may not have got there. `stateAfterPowerLoss` draws one outcome that is
// allowed: writes kept, lost, or torn at a sector; sizes that grew without their bytes; names that came and went in order on the whole
// disk (a journaling file system) or folder by folder (FAT, exFAT, shares). What a sync promised is always there, and no more than that.
// Long, because what a disk may lose is one set of rules.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Noted } from './record.js'

/** The smallest piece that a disk writes whole. */
const SECTOR_BYTES = 512

interface Inode {
  readonly kind: 'file'
  /** As programs see it. */
  content: Buffer
  mtimeMs: number
  /** As it is on the platter for certain. */
  durable: { content: Buffer; mtimeMs: number }
  pending: Change[]
}

interface Folder {
  readonly kind: 'folder'
  readonly entries: Map<string, Node>
  durable: Map<string, Node>
}

type Node = Inode | Folder

type Change = { readonly ended: number } & (
  | { readonly kind: 'write'; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly length: number }
  | { readonly kind: 'times'; readonly mtimeMs: number }
)

/** One call's changes of names: all of them get to the platter, or none. */
interface Naming {
  readonly ended: number
  readonly steps: readonly { readonly folder: Folder; readonly name: string; readonly node: Node | undefined }[]
}

/** What a moment after the power came back finds: content and time by path, and the folders. */
export interface DiskState {
  readonly files: ReadonlyMap<string, { readonly content: Buffer; readonly mtimeMs: number }>
  readonly folders: ReadonlySet<string>
}

export type Draw = () => number

/** How unkind a power loss is. */
export type Fate = 'nothing kept' | 'all kept' | 'names without bytes' | 'bytes without names' | 'ordered' | 'by folder'

export const FATES: readonly Fate[] = [
  'nothing kept',
  'all kept',
  'names without bytes',
  'bytes without names',
  'ordered',
  'by folder',
]

/** When files were written whose time was not kept: long before whoever looks. */
const CRASH_MS = Date.UTC(2024, 8, 1)

export class Disks {
  readonly #root: string
  readonly #top: Folder
  readonly #handles = new Map<string, { node: Node; position: number }>()
  #namings: Naming[] = []

  /** @param root  as it is before the run; all of it durable */
  constructor(root: string) {
    this.#root = root
    this.#top = readFolder(root)
  }

  apply(call: Noted): void {
    switch (call.call) {
      case 'open':
        this.#open(call)
        return
      case 'write':
      case 'truncate':
      case 'times':
        this.#change(call)
        return
      case 'sync':
        this.#sync(this.#handle(call.handle).node, call.began)
        return
      case 'sync-disk':
        this.#syncDisk(call.path, call.began)
        return
      case 'make-folder': {
        const folder: Folder = { kind: 'folder', entries: new Map(), durable: new Map() }
        this.#name(call.ended, [call.path, folder])
        return
      }
      case 'unlink':
      case 'remove-tree':
        this.#name(call.ended, [call.path, undefined])
        return
      case 'link':
        this.#name(call.ended, [call.to, this.#node(call.from)])
        return
      case 'rename':
        this.#name(call.ended, [call.to, this.#node(call.from)], [call.from, undefined])
        return
    }
  }

  /** As the programs see it: what a kill leaves. */
  now(): DiskState {
    return stateOf(
      this.#root,
      this.#top,
      (folder) => folder.entries,
      (inode) => inode,
    )
  }

  stateAfterPowerLoss(fate: Fate, draw: Draw): DiskState {
    const names = this.#drawNames(fate, draw)
    const inodes = new Map<Inode, { content: Buffer; mtimeMs: number }>()
    return stateOf(
      this.#root,
      this.#top,
      (folder) => names.get(folder) ?? folder.durable,
      (inode) => {
        const known = inodes.get(inode) ?? drawContent(inode, fate, draw)
        inodes.set(inode, known)
        return known
      },
    )
  }

  // ── calls ──

  #open({ path: file, handle, truncates, ended }: Extract<Noted, { call: 'open' }>): void {
    let node = this.#find(file)
    if (!node) {
      const empty = { content: Buffer.alloc(0), mtimeMs: CRASH_MS }
      node = { kind: 'file', ...empty, durable: empty, pending: [] }
      this.#name(ended, [file, node])
    }
    this.#handles.set(handle, { node, position: 0 })
    if (truncates && node.kind === 'file' && node.content.length > 0)
      this.#note(node, { kind: 'truncate', length: 0, ended })
  }

  #change(call: Extract<Noted, { call: 'write' | 'truncate' | 'times' }>): void {
    const { ended } = call
    const open = this.#handle(call.handle)
    const { node } = open
    if (node.kind !== 'file') throw new Error(`${call.call} of a folder`)
    if (call.call === 'times') this.#note(node, { kind: 'times', mtimeMs: call.mtimeMs, ended })
    else if (call.call === 'truncate') this.#note(node, { kind: 'truncate', length: call.length, ended })
    else {
      const bytes = Buffer.from(call.bytes, 'base64')
      const at = call.at === 'end' ? node.content.length : call.at === 'on' ? open.position : call.at
      if (call.at === 'on') open.position += bytes.length
      if (bytes.length > 0) this.#note(node, { kind: 'write', at, bytes, ended })
    }
  }

  #note(inode: Inode, change: Change): void {
    Object.assign(inode, changed(inode, change))
    inode.pending.push(change)
  }

  #sync(node: Node, began: number): void {
    if (node.kind === 'file') this.#syncFile(node, began)
    else this.#settleNames((naming) => naming.ended < began && naming.steps.some(({ folder }) => folder === node))
  }

  #syncFile(inode: Inode, began: number): void {
    for (const change of inode.pending) if (change.ended < began) inode.durable = changed(inode.durable, change)
    inode.pending = inode.pending.filter((change) => change.ended >= began)
  }

  /** A disk is what lies below one folder of the root. */
  #syncDisk(file: string, began: number): void {
    const top = this.#find(path.join(this.#root, path.relative(this.#root, file).split(path.sep)[0] ?? ''))
    const below = new Set<Node>()
    const gather = (node: Node): void => {
      below.add(node)
      if (node.kind === 'folder')
        for (const each of [...node.entries.values(), ...node.durable.values()]) if (!below.has(each)) gather(each)
    }
    if (top) gather(top)
    for (const node of below) if (node.kind === 'file') this.#syncFile(node, began)
    this.#settleNames((naming) => naming.ended < began && naming.steps.some(({ folder }) => below.has(folder)))
  }

  /** Names reach the platter in the order in which they were given, so with one of a folder go those before it. */
  #settleNames(isSettled: (naming: Naming) => boolean): void {
    for (const naming of this.#namings.filter(isSettled))
      for (const { folder, name, node } of naming.steps) put(folder.durable, name, node)
    this.#namings = this.#namings.filter((naming) => !isSettled(naming))
  }

  #name(ended: number, ...changes: readonly (readonly [string, Node | undefined])[]): void {
    const steps = changes.map(([file, node]) => ({
      folder: this.#folder(path.dirname(file)),
      name: path.basename(file),
      node,
    }))
    for (const { folder, name, node } of steps) put(folder.entries, name, node)
    this.#namings.push({ ended, steps })
  }

  // ── looking things up ──

  #find(file: string): Node | undefined {
    let at: Node | undefined = this.#top
    for (const part of path.relative(this.#root, file).split(path.sep)) {
      if (part === '') continue
      at = at?.kind === 'folder' ? at.entries.get(part) : undefined
    }
    return at
  }

  #node(file: string): Node {
    const node = this.#find(file)
    if (!node) throw new Error(`the record names ${file}, which is not there`)
    return node
  }

  #folder(file: string): Folder {
    const node = this.#node(file)
    if (node.kind !== 'folder') throw new Error(`${file} is no folder`)
    return node
  }

  #handle(handle: string): { node: Node; position: number } {
    const open = this.#handles.get(handle)
    if (!open) throw new Error(`the record uses ${handle}, which was not opened`)
    return open
  }

  // ── drawing lots ──

  /** Which names of the folders with something pending are on the platter. */
  #drawNames(fate: Fate, draw: Draw): Map<Folder, Map<string, Node>> {
    const names = new Map<Folder, Map<string, Node>>()
    const share = new Map<Folder, number>()
    const upTo = Math.floor(draw() * (this.#namings.length + 1))
    const isKept = (naming: Naming, index: number): boolean => {
      if (fate === 'nothing kept' || fate === 'bytes without names') return false
      if (fate === 'all kept' || fate === 'names without bytes') return true
      if (fate === 'ordered') return index < upTo
      // Folder by folder: of each, the first so many. What changes two folders at once counts as the first one's.
      const [{ folder }] = naming.steps as [Naming['steps'][0]]
      const limit = share.get(folder) ?? draw() * (this.#namings.length + 1)
      share.set(folder, limit)
      return index < limit
    }
    this.#namings.forEach((naming, index) => {
      if (!isKept(naming, index)) return
      for (const { folder, name, node } of naming.steps) {
        const entries = names.get(folder) ?? new Map(folder.durable)
        names.set(folder, entries)
        put(entries, name, node)
      }
    })
    return names
  }
}

function put(entries: Map<string, Node>, name: string, node: Node | undefined): void {
  if (node) entries.set(name, node)
  else entries.delete(name)
}

function changed(of: { content: Buffer; mtimeMs: number }, change: Change): { content: Buffer; mtimeMs: number } {
  switch (change.kind) {
    case 'times':
      return { content: of.content, mtimeMs: change.mtimeMs }
    case 'truncate':
      return { content: resized(of.content, change.length), mtimeMs: CRASH_MS }
    case 'write': {
      const content = Buffer.from(resized(of.content, Math.max(of.content.length, change.at + change.bytes.length)))
      change.bytes.copy(content, change.at)
      return { content, mtimeMs: CRASH_MS }
    }
  }
}

function resized(content: Buffer, length: number): Buffer {
  return length <= content.length
    ? content.subarray(0, length)
    : Buffer.concat([content, Buffer.alloc(length - content.length)])
}

function drawContent(inode: Inode, fate: Fate, draw: Draw): { content: Buffer; mtimeMs: number } {
  if (fate === 'nothing kept' || fate === 'names without bytes') return inode.durable
  if (fate === 'all kept' || fate === 'bytes without names') return inode
  return inode.pending.reduce((state, change) => drawChange(state, change, draw), inode.durable)
}

/** Not at all, whole, its size without its bytes, or torn: some sectors of it. */
function drawChange(state: Inode['durable'], change: Change, draw: Draw): Inode['durable'] {
  const lot = draw()
  if (lot < 0.25) return state
  if (lot < 0.55 || change.kind !== 'write') return changed(state, change)
  const end = change.at + change.bytes.length
  const torn = Buffer.from(resized(state.content, Math.max(state.content.length, end)))
  if (lot < 0.7) return { content: torn, mtimeMs: CRASH_MS }
  for (let at = change.at; at < end;) {
    const next = Math.min(end, (Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES)
    if (draw() < 0.5) change.bytes.copy(torn, at, at - change.at, next - change.at)
    at = next
  }
  return { content: torn, mtimeMs: CRASH_MS }
}

function readFolder(folder: string): Folder {
  const entries = new Map<string, Node>()
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name)
    if (entry.isDirectory()) entries.set(entry.name, readFolder(at))
    else if (entry.isFile()) {
      const state = { content: readFileSync(at), mtimeMs: statSync(at).mtimeMs }
      entries.set(entry.name, { kind: 'file', ...state, durable: state, pending: [] })
    }
  }
  return { kind: 'folder', entries, durable: new Map(entries) }
}

function stateOf(
  root: string,
  top: Folder,
  namesOf: (folder: Folder) => ReadonlyMap<string, Node>,
  contentOf: (inode: Inode) => { content: Buffer; mtimeMs: number },
): DiskState {
  const files = new Map<string, { content: Buffer; mtimeMs: number }>()
  const folders = new Set<string>()
  const walk = (folder: Folder, at: string): void => {
    folders.add(at)
    for (const [name, node] of namesOf(folder)) {
      if (node.kind === 'folder') walk(node, path.join(at, name))
      else {
        const { content, mtimeMs } = contentOf(node)
        files.set(path.join(at, name), { content, mtimeMs })
      }
    }
  }
  walk(top, root)
  return { files, folders }
}
