// Which names in a folder belong to the files that are looked for there. Pure: the names of the folder and the wanted ones in, what to look at
// out. Nearly always all is there under the very name, and that is found out without a group for every base name.
import { foldName, folderNames, groupByBaseName, type FolderNames } from './locate.js'

export interface WantedFile {
  readonly name: string
  readonly baseName: string
  /** Extensions that Lightroom lists. */
  readonly sidecars: readonly string[]
}

/** Of each wanted file, in the order wanted: itself, the sidecars that Lightroom lists, then the files of the same base name that it does not
 *  list (`.acr`, `.wav`, a JPEG beside a raw) and that are none of the wanted ones. */
export interface Belongings {
  /** How many there are of each wanted file. */
  readonly counts: readonly number[]
  readonly wanted: readonly string[]
  /** Their names on disk; undefined for what is not there. */
  readonly onDisk: readonly (string | undefined)[]
}

export function belongingsIn(names: readonly string[], wanted: readonly WantedFile[]): Belongings {
  return allExact(names, wanted) ?? matched(folderNames(names), wanted)
}

/** What is looked for in a folder that cannot be listed. */
export function ownNames(wanted: readonly WantedFile[]): Belongings {
  const all = wanted.flatMap(ownOf)
  return { counts: wanted.map(({ sidecars }) => 1 + sidecars.length), wanted: all, onDisk: all }
}

/** @returns undefined when something is not there under its very name, or when it might belong to two of the wanted */
function allExact(names: readonly string[], wanted: readonly WantedFile[]): Belongings | undefined {
  const left = new Set(names)
  const bases = new Set<string>()
  for (const { name, baseName, sidecars } of wanted) {
    if (!left.delete(name)) return undefined
    for (const extension of sidecars)
      if (extension.includes('.') || !left.delete(`${baseName}.${extension}`)) return undefined
    bases.add(foldName(baseName))
  }
  if (bases.size !== wanted.length) return undefined
  const own = ownNames(wanted)
  return left.size === 0 ? own : withOthers(own, wanted, groupByBaseName([...left]))
}

function withOthers(
  own: Belongings,
  wanted: readonly WantedFile[],
  groups: ReadonlyMap<string, readonly string[]>,
): Belongings {
  const [counts, all]: [number[], string[]] = [[], []]
  let at = 0
  wanted.forEach(({ baseName }, index) => {
    const others = groups.get(foldName(baseName)) ?? []
    const count = own.counts[index] ?? 0
    all.push(...own.wanted.slice(at, at + count), ...others)
    counts.push(count + others.length)
    at += count
  })
  return { counts, wanted: all, onDisk: all }
}

function matched(names: FolderNames, wanted: readonly WantedFile[]): Belongings {
  const rows = new Set(wanted.map(({ name }) => name))
  const counts: number[] = []
  const all: string[] = []
  const onDisk: (string | undefined)[] = []
  for (const file of wanted) {
    const own = ownOf(file)
    const found = own.map((each) => names.find(each)?.name)
    const taken = found.map((each, index) => each ?? own[index])
    const others = names.withBaseName(file.baseName).filter((other) => !taken.includes(other) && !rows.has(other))
    counts.push(own.length + others.length)
    all.push(...own, ...others)
    onDisk.push(...found, ...others)
  }
  return { counts, wanted: all, onDisk }
}

function ownOf({ name, baseName, sidecars }: WantedFile): string[] {
  return [name, ...sidecars.map((extension) => `${baseName}.${extension}`)]
}
