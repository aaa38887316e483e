// What the next drill rehearses, decided from facts alone: which shoot from which place, and which of its files fit into a quarter of an hour.
// Pure; the same facts give the same plan.
import { isRaw, kindOfFile } from '../engine/file-kinds.js'
import { byCodePoint, stemOf } from '../files/scan.js'

/** A shoot with proven copies at a place that is there. */
export interface Candidate {
  readonly shootId: number
  readonly key: string
  readonly placeId: string
  readonly isOffSite: boolean
  readonly files: number
  /** When this shoot, and this place, were drilled last, whatever came of it; undefined: never. */
  readonly shootDrilledMs?: number
  readonly placeDrilledMs?: number
}

/** The shoot that was drilled longest ago, from off-site where that can be, else from the place that was drilled longest ago. */
export function chooseDrill(candidates: readonly Candidate[]): Candidate | undefined {
  const never = Number.NEGATIVE_INFINITY
  return candidates
    .filter(({ files }) => files > 0)
    .sort(
      (a, b) =>
        compare(a.shootDrilledMs ?? never, b.shootDrilledMs ?? never) ||
        Number(b.isOffSite) - Number(a.isOffSite) ||
        compare(a.placeDrilledMs ?? never, b.placeDrilledMs ?? never) ||
        b.files - a.files ||
        byCodePoint(a.key, b.key) ||
        byCodePoint(a.placeId, b.placeId),
    )[0]
}

/** Infinities have no difference. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1
}

export interface DrillFile {
  readonly name: string
  readonly sizeBytes: number
}

/** How many of each are opened where there are as many. */
export const TO_OPEN = { raws: 5, pictures: 3, videos: 1 } as const

/** Raws that are brought along besides, for those that no decoder knows. */
const SPARE_RAWS = 3

/** Files that together are not larger than the budget: first what is to be opened with its sidecars, then as much of the rest as fits, spread
 *  over the shoot. @param turn  another number begins at another file, so that one drill after the other sees all of a large shoot */
export function chooseFiles<F extends DrillFile>(files: readonly F[], budgetBytes: number, turn: number): F[] {
  const sorted = [...files].sort((a, b) => byCodePoint(a.name, b.name))
  const begin = sorted.length === 0 ? 0 : (turn * 7919) % sorted.length
  const turned = [...sorted.slice(begin), ...sorted.slice(0, begin)]
  if (sum(turned) <= budgetBytes) return turned
  const raws = turned.filter(({ name }) => isRaw(name) || isDng(name)).slice(0, TO_OPEN.raws + SPARE_RAWS)
  const pictures = turned.filter(({ name }) => isPlainPicture(name)).slice(0, TO_OPEN.pictures)
  const videos = turned
    .filter(({ name }) => kindOfFile(name) === 'video')
    .sort((a, b) => a.sizeBytes - b.sizeBytes)
    .slice(0, TO_OPEN.videos)
  const first = new Set<F>([...raws, ...pictures, ...videos])
  const stems = new Set([...raws, ...pictures].map(({ name }) => stemOf(name)))
  for (const file of turned)
    if (kindOfFile(file.name) === 'sidecar' && stems.has(stemOf(stemOf(file.name)))) first.add(file)
  const chosen: F[] = []
  let left = budgetBytes
  for (const file of [...first, ...turned.filter((each) => !first.has(each))]) {
    if (file.sizeBytes > left) continue
    left -= file.sizeBytes
    chosen.push(file)
  }
  return chosen
}

export function isPlainPicture(name: string): boolean {
  return /\.(jpe?g|hei[cf]|hif)$/i.test(name)
}

export function isDng(name: string): boolean {
  return /\.dng$/i.test(name)
}

function sum(files: readonly DrillFile[]): number {
  return files.reduce((total, { sizeBytes }) => total + sizeBytes, 0)
}
