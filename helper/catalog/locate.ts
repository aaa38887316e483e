// Where a stored path is on this machine. Pure: names in a folder and paths in, an answer out. Lightroom stores a name as the file system
// gave it, decomposed on old Macs and composed on Windows, so a name is looked for exactly, then composed on both sides, then without
// regard to case, as Lightroom itself does. A root that is not there is explained: a drive that is away is not 300 missing photos.
import path from 'node:path'

export type NameMatch = 'exact' | 'composed' | 'other-case'

/** The names of one folder, ready to be asked many times. */
export interface FolderNames {
  find(name: string): { readonly name: string; readonly how: NameMatch } | undefined
  /** Names that begin with `baseName` and a dot, the exact ones of `except` left out. */
  withBaseName(baseName: string): readonly string[]
}

export function folderNames(names: readonly string[]): FolderNames {
  const exact = new Set(names)
  let composed: Map<string, string> | undefined
  let folded: Map<string, string> | undefined
  let byBaseName: Map<string, string[]> | undefined
  return {
    find(name) {
      if (exact.has(name)) return { name, how: 'exact' }
      composed ??= new Map(names.map((each) => [each.normalize('NFC'), each]))
      const same = composed.get(name.normalize('NFC'))
      if (same !== undefined) return { name: same, how: 'composed' }
      folded ??= new Map(names.map((each) => [foldName(each), each]))
      const other = folded.get(foldName(name))
      return other === undefined ? undefined : { name: other, how: 'other-case' }
    },
    withBaseName(baseName) {
      byBaseName ??= groupByBaseName(names)
      return byBaseName.get(foldName(baseName)) ?? []
    },
  }
}

export type RootState =
  | { readonly kind: 'here'; readonly path: string }
  /** Found by its path from the catalog's own folder: the two moved together. */
  | { readonly kind: 'moved'; readonly path: string; readonly message: string }
  | { readonly kind: 'offline'; readonly message: string; readonly remedy: string }

export interface RootFacts {
  /** As stored, ending in a slash. */
  readonly path: string
  readonly relativePath: string
  /** Folder of the live catalog, in this system's form. */
  readonly catalogFolder: string
  readonly platform: NodeJS.Platform
  /** Whether there is a folder with something in it; an empty one may be the mount point of a drive that is away. */
  readonly hasContent: (folder: string) => boolean
  /** Drive letters to try, on Windows: `D`, `E` … */
  readonly letters?: readonly string[]
}

export function explainRoot({
  path: root,
  relativePath,
  catalogFolder,
  platform,
  hasContent,
  letters = [],
}: RootFacts): RootState {
  if (hasContent(root)) return { kind: 'here', path: root }
  const beside = relativePath === '' ? undefined : withSlash(toSlashes(path.resolve(catalogFolder, relativePath)))
  if (beside !== undefined && beside !== root && hasContent(beside))
    return { kind: 'moved', path: beside, message: `${root} moved together with the catalog: it is now ${beside}.` }
  const letter = /^([A-Za-z]):\//.exec(root)?.[1]
  if (letter !== undefined && platform !== 'win32')
    return offline(
      `${root} is a path of a Windows machine; this is another system.`,
      'Check this catalog on the machine that it belongs to.',
    )
  if (letter !== undefined) {
    const found = letters.find((each) => each !== letter && hasContent(`${each}:${root.slice(2)}`))
    if (found !== undefined)
      return offline(
        `The drive of ${root} now has the letter ${found}: instead of ${letter}:.`,
        `Give it the letter ${letter}: again in Disk Management, or choose "Find Missing Folder" in Lightroom.`,
      )
    return offline(`The drive ${letter}: with ${root} is not connected.`, 'Connect it and check again.')
  }
  const volume = /^\/(?:Volumes|media\/[^/]+|mnt|run\/media\/[^/]+)\/([^/]+)\//.exec(root)?.[1]
  if (volume !== undefined)
    return offline(`The drive "${volume}" with ${root} is not connected.`, 'Connect it and check again.')
  const share = /^\/\/([^/]+)\/([^/]+)\//.exec(root)
  if (share)
    return offline(
      `The network folder ${share[2] ?? ''} on ${share[1] ?? ''} is not connected.`,
      'Connect it and check again.',
    )
  return offline(
    `The folder ${root} is not there, or is empty.`,
    'If it was moved, choose "Find Missing Folder" in Lightroom.',
  )
}

function offline(message: string, remedy: string): RootState {
  return { kind: 'offline', message, remedy }
}

/** @returns by base name, folded: `IMG_1` of `IMG_1.xmp` */
export function groupByBaseName(names: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const name of names) {
    const dot = name.lastIndexOf('.')
    if (dot <= 0) continue
    const base = foldName(name.slice(0, dot))
    const group = groups.get(base)
    if (group) group.push(name)
    else groups.set(base, [name])
  }
  return groups
}

/** Composed, and without regard to case. Nearly all names are plain, and composing those would cost as much as finding them. */
export function foldName(name: string): string {
  return (PLAIN.test(name) ? name : name.normalize('NFC')).toLowerCase()
}

const PLAIN = /^[\u0020-\u007e]*$/

function toSlashes(file: string): string {
  return file.split(path.sep).join('/')
}

function withSlash(folder: string): string {
  return folder.endsWith('/') ? folder : `${folder}/`
}
