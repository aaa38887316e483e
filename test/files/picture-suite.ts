// The picture apart from the words around it, over many seeded edits: the quick suite runs some hundreds, the long one ten thousand.
import assert from 'node:assert/strict'
import { chooseHashEngine } from '../../helper/files/hash.js'
import { bytesAsSource } from '../../helper/files/picture/byte-source.js'
import {
  comparePictures,
  digestPicture,
  locatePicture,
  type PictureChange,
} from '../../helper/files/picture/picture.js'
import { makeDng, makeFilm, makeHeifBuild, makeJpeg, type Words } from '../support/pictures.js'

type Make = (seed: number, words: Words) => Buffer

export const MAKERS: Readonly<Record<string, Make>> = {
  jpeg: makeJpeg,
  dng: makeDng,
  tiff: (seed, words) => makeDng(seed, words, 64, 48, false),
  heif: makeHeifBuild,
  film: makeFilm,
  cr3: (seed, words) => makeFilm(seed, words, 12, 'crx '),
}

const engine = chooseHashEngine()

export function compare(before: Buffer, after: Buffer): PictureChange {
  return comparePictures(bytesAsSource(before), bytesAsSource(after))
}

export function digestOf(bytes: Buffer): string {
  const found = digestPicture(bytesAsSource(bytes), engine)
  assert.ok(found.ok, found.ok ? '' : found.why)
  return found.digest
}

export class Random {
  #state: number
  constructor(seed: number) {
    this.#state = (seed * 2_654_435_761 + 12_345) >>> 0 || 1
  }

  below(limit: number): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    this.#state >>>= 0
    return this.#state % limit
  }
}

/** Captions, ratings, packets of every length, padding taken or given, the order of things turned round. */
export function someWords(random: Random): Words {
  return {
    ...(random.below(3) === 0
      ? {}
      : { xmp: `<x:xmpmeta xmp:Rating="${random.below(6)}">${'k'.repeat(random.below(4000))}</x:xmpmeta>` }),
    ...(random.below(3) === 0 ? {} : { description: 'Ísland '.repeat(1 + random.below(20)) }),
    ...(random.below(2) === 0 ? {} : { padding: random.below(3000) }),
    pictureFirst: random.below(2) === 0,
  }
}

/** @returns edits that were taken for anything but words */
export function falseAlarms(edits: number, seed: number): string[] {
  const random = new Random(seed)
  const kinds = Object.entries(MAKERS)
  const alarms: string[] = []
  for (let edit = 0; edit < edits; edit++) {
    const [kind, make] = kinds[edit % kinds.length] ?? ['jpeg', makeJpeg]
    const picture = random.below(40)
    const [before, after] = [make(picture, someWords(random)), make(picture, someWords(random))]
    const change = compare(before, after)
    if (change.kind !== 'words' || digestOf(before) !== digestOf(after))
      alarms.push(`${kind}, edit ${edit}: ${JSON.stringify(change)}`)
  }
  return alarms
}

/** Turns one bit of the picture itself, after other words were written around it.
 *  @returns what was taken for mere words, which must be nothing */
export function missedRot(
  rots: number,
  seed: number,
): { readonly missed: string[]; readonly told: Map<string, number> } {
  const random = new Random(seed)
  const kinds = Object.entries(MAKERS)
  const missed: string[] = []
  const told = new Map<string, number>()
  for (let rot = 0; rot < rots; rot++) {
    const [kind, make] = kinds[rot % kinds.length] ?? ['jpeg', makeJpeg]
    const picture = random.below(40)
    const before = make(picture, someWords(random))
    const after = make(picture, someWords(random))
    const located = locatePicture(bytesAsSource(after))
    assert.ok(located.ok)
    const range = located.data.ranges[random.below(located.data.ranges.length)]
    assert.ok(range)
    const at = range.start + random.below(range.end - range.start)
    after[at] = (after[at] ?? 0) ^ (1 << random.below(8))
    const change = compare(before, after)
    if (change.kind === 'words') missed.push(`${kind}, rot ${rot} at ${at}`)
    const key = `${kind} ${change.kind}`
    told.set(key, (told.get(key) ?? 0) + 1)
  }
  return { missed, told }
}

/** Damages the build of a file at random: whatever that makes of it is said, and said soon. */
export function survivesHostile(files: number, seed: number): void {
  const random = new Random(seed)
  const kinds = Object.values(MAKERS)
  for (let file = 0; file < files; file++) {
    const make = kinds[file % kinds.length] ?? makeJpeg
    const good = make(random.below(40), someWords(random))
    const bad = Buffer.from(good)
    const damages = 1 + random.below(8)
    for (let damage = 0; damage < damages; damage++) {
      const at = random.below(bad.length)
      if (random.below(3) === 0) bad.fill(255, at, Math.min(at + 4, bad.length))
      else bad[at] = random.below(256)
    }
    const cut = random.below(4) === 0 ? bad.subarray(0, random.below(bad.length)) : bad
    const change = compare(good, cut)
    assert.ok(['words', 'rotten', 'picture', 'unsure'].includes(change.kind))
  }
}
