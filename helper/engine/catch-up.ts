// Several computers and one place: what another one has sealed there since this journal looked last is learned before anything is judged or
// sealed. It is verified, not trusted: the chain must go on from the line that is known here, each of its lines from the one before, and a
// manifest must be the one that was sealed. Where that does not hold nothing is learned, and a verification says what is wrong.
import path from 'node:path'
import { systemCode } from '../errors.js'
import type { Journal } from '../journal/journal.js'
import { noteChainBreaks } from '../journal/meta.js'
import { chainBytes, noteShared, placeById, saveChain } from '../journal/places.js'
import { stepsOf } from '../journal/steps.js'
import { CHAIN_FILE, holdsHead, newestByFolder, readChain, type Chain, type ChainLine } from '../manifest/chain.js'
import { learnShoot } from './learn-shoot.js'
import type { Learning, LearningDeps, RecordedPlace } from './shoot-records.js'

/** Costs one look at the length of the chain when nothing has come. May be called in turn or out of it.
 *  @returns whether something was learned */
export function catchUp(deps: LearningDeps, place: RecordedPlace): boolean {
  try {
    return learnNewLines(deps, place)
  } catch (error) {
    // A drive that cannot be read is named by whoever reads from it next.
    if (systemCode(error) === '') throw error
    return false
  }
}

function learnNewLines(deps: LearningDeps, place: RecordedPlace): boolean {
  const { files, journal, hash } = deps
  const known = placeById(journal, place.id)
  const bytes = chainLength(deps, place)
  if (!known || bytes === chainBytes(journal, place.id) || unsound.get(journal)?.get(place.id) === bytes) return false
  const chain = readChain(files, place.root, hash)
  const isSound = chain.breaks.length === 0 && holdsHead(chain, known.chainLength, known.chainHead)
  if (!isSound || chain.lines.length < known.chainLength) {
    unsound.set(journal, new Map(unsound.get(journal)).set(place.id, bytes))
    return false
  }
  const fresh = newestByFolder({ ...chain, lines: chain.lines.slice(known.chainLength) })
  // A run of ours that was killed while it sealed left its steps, and lines that are ours as well.
  const ours = new Set(
    stepsOf(journal, 'seal').flatMap(({ placeId, shootId }) => (placeId === place.id ? [shootId] : [])),
  )
  for (const [folder, line] of fresh) {
    const learning = learningFrom(deps, place)
    const row = journal.transaction(() => learnShoot(learning, folder, line))
    noteChainBreaks(journal, place.id, learning.removed)
    if (!ours.has(row.id)) noteShared(journal, place.id)
  }
  journal.transaction(() => noteReached(journal, place.id, chain, bytes))
  return fresh.size > 0
}

/** How long chains were that were no good when they were read last: a chain of thousands of lines is not read again for each shoot. */
const unsound = new WeakMap<Journal, Map<string, number>>()

/** Learns what the log of one shoot says now, sealed or not.
 *  @param line  the newest of the chain about it */
export function learnAgain(
  deps: LearningDeps,
  place: RecordedPlace,
  folder: string,
  line: ChainLine | undefined,
): void {
  deps.journal.transaction(() => learnShoot(learningFrom(deps, place), folder, line))
}

function learningFrom(deps: LearningDeps, place: RecordedPlace): Learning {
  return { deps, place, isLater: true, findings: [], removed: [], files: 0, versions: 0, shoots: 0 }
}

/** The journal knows the chain of a place as far as it was read.
 *  @param bytes  its length before it was read: what came since is read the next time */
export function noteReached(journal: Journal, placeId: string, chain: Chain, bytes: number): void {
  saveChain(journal, placeId, { length: chain.lines.length, head: chain.hashes.at(-1) ?? '', bytes })
}

/** In bytes, as the file is now. */
export function chainLength({ files }: Pick<LearningDeps, 'files'>, { root }: Pick<RecordedPlace, 'root'>): number {
  return files.stat(path.join(root, CHAIN_FILE))?.sizeBytes ?? 0
}

/** The newest line of a place's chain about each folder, read again when the chain has grown. */
export class ChainView {
  readonly #deps: LearningDeps
  readonly #place: RecordedPlace
  #lengthBytes = -1
  #newest: ReadonlyMap<string, ChainLine> = new Map()

  constructor(deps: LearningDeps, place: RecordedPlace) {
    this.#deps = deps
    this.#place = place
  }

  newest(folder: string): ChainLine | undefined {
    const { files, hash } = this.#deps
    const lengthBytes = chainLength(this.#deps, this.#place)
    if (lengthBytes !== this.#lengthBytes) this.#newest = newestByFolder(readChain(files, this.#place.root, hash))
    this.#lengthBytes = lengthBytes
    return this.#newest.get(folder)
  }
}
