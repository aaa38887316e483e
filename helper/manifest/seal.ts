// Sealing: writing down, at a place, what a shoot's copies there are. For each shoot the manifest is replaced, the log says so, and one
// line joins the chain; only then does the journal call it sealed. A crash anywhere between leaves the step to be done again.
import path from 'node:path'
import { systemCode } from '../errors.js'
import { appendLines, makeFolders, readWhole, type DurableFiles } from '../files/durable.js'
import { hashBytes, type HashEngine } from '../files/hash.js'
import { temporaryName } from '../files/temporary.js'
import { hashesAt } from '../journal/files.js'
import type { Journal } from '../journal/journal.js'
import { temporaryTag } from '../journal/meta.js'
import { placeById, saveChain, type PlaceRow } from '../journal/places.js'
import { finishStep, saveSeal, sealOf } from '../journal/steps.js'
import type { Hash } from '../model.js'
import {
  appendToChain,
  CHAIN_FILE,
  holdsHead,
  linkLines,
  newestByFolder,
  readChain,
  type Chain,
  type ChainLine,
} from './chain.js'
import { formatEvent, LOG_FILE } from './log.js'
import { formatManifest, MANIFEST_FILE, type ManifestEntry } from './manifest.js'

export interface SealDeps {
  readonly files: DurableFiles
  readonly journal: Journal
  readonly hash: HashEngine
  readonly clock: () => number
}

/** Where several computers may write at one place; see place/turn.ts. */
export interface SealTurn {
  /** Its owner lives: said between two shoots. */
  beat(): void
  /** @throws when another one has taken over meanwhile */
  require(): void
}

export interface ShootToSeal {
  readonly shootId: number
  /** Below `Photos/` at this place, with `/`. */
  readonly folder: string
}

/** From this many shoots on, one sync of the whole file system costs less than several for each. */
const SYNC_TOGETHER_FROM = 4

/** Seals shoots at one place, which must be there. A shoot whose manifest would not change is left as it is.
 *  @param root  the place's `Safelight` folder
 *  @param turn  left out where nobody else can write
 *  @returns how many got a new generation, and what was found wrong with the chain before
 *  @throws the system's error when the place cannot be written; nothing is then called sealed that is not */
export function sealShoots(
  deps: SealDeps,
  placeId: string,
  root: string,
  shoots: readonly ShootToSeal[],
  turn?: SealTurn,
): { sealed: number; chainWarnings: string[] } {
  const known = placeById(deps.journal, placeId)
  const chain = readChainTwice(deps, root, known)
  const newest = newestByFolder(chain)
  const drafts = shoots.map((shoot) => draftOf(deps, placeId, root, shoot, newest.get(shoot.folder)?.generation ?? 0))
  const changed = drafts.filter((draft) => draft.isChanged)
  turn?.require()
  if (changed.length > 0) writeManifests(deps, root, changed)
  const chainWarnings = [...chain.breaks]
  if (known && !holdsHead(chain, known.chainLength, known.chainHead))
    chainWarnings.push('lines that were there before have been removed or altered')
  const { texts, head, length } = linkLines(
    chain,
    changed.map((draft) => {
      turn?.beat()
      return chainEntry(deps, draft)
    }),
    deps.hash,
  )
  turn?.require()
  if (texts.length > 0) appendToChain(deps.files, root, chain, texts)
  const bytes = deps.files.stat(path.join(root, CHAIN_FILE))?.sizeBytes ?? 0
  deps.journal.transaction(() => {
    if (texts.length > 0) saveChain(deps.journal, placeId, { length, head, bytes })
    for (const { shootId, generation, manifestHash, isChanged } of drafts) {
      if (isChanged) saveSeal(deps.journal, shootId, placeId, { generation, manifestHash, sealedMs: deps.clock() })
      finishStep(deps.journal, { kind: 'seal', shootId, placeId, payload: '' })
    }
  })
  return { sealed: changed.length, chainWarnings }
}

/** What is appended is linked to what was read, for good: where that is not as it should be, it is read once more before it is believed. */
function readChainTwice(deps: SealDeps, root: string, known: PlaceRow | undefined): Chain {
  const chain = readChain(deps.files, root, deps.hash)
  const isWhole = chain.breaks.length === 0 && (!known || holdsHead(chain, known.chainLength, known.chainHead))
  return isWhole ? chain : readChain(deps.files, root, deps.hash)
}

interface Draft extends ShootToSeal {
  readonly path: string
  readonly text: string
  readonly files: number
  readonly manifestHash: Hash
  readonly generation: number
  readonly isChanged: boolean
}

/** @param generationThere  the newest that the chain holds of this shoot. A crash may have come between the chain and the journal: then the
 *  journal is behind, and the shoot is sealed once more, so that both speak of one generation again. */
function draftOf(deps: SealDeps, placeId: string, root: string, shoot: ShootToSeal, generationThere: number): Draft {
  const entries = manifestEntries(deps.journal, shoot.shootId, placeId)
  const text = formatManifest(entries)
  const manifestHash = hashBytes(deps.hash, Buffer.from(text, 'utf8'))
  const last = sealOf(deps.journal, shoot.shootId, placeId)
  const folder = path.join(root, 'Photos', ...shoot.folder.split('/'))
  const isThere = deps.files.stat(path.join(folder, MANIFEST_FILE)) !== undefined
  const isKnown = last?.manifestHash === manifestHash && generationThere <= last.generation
  const isChanged = entries.length > 0 && !(isThere && isKnown)
  return {
    ...shoot,
    path: folder,
    text,
    files: entries.length,
    manifestHash,
    generation: Math.max(last?.generation ?? 0, generationThere) + 1,
    isChanged,
  }
}

/** What the manifest of a shoot at a place lists: every copy that belongs there, earlier contents included. One that was found damaged or
 *  missing stays listed until it is replaced, so that anybody's `b3sum --check` notices it too. What is still on its way to a bucket is not
 *  there and is not listed. */
export function manifestEntries(journal: Journal, shootId: number, placeId: string): ManifestEntry[] {
  return hashesAt(journal, shootId, placeId)
}

function writeManifests(deps: SealDeps, root: string, drafts: readonly Draft[]): void {
  const together = drafts.length >= SYNC_TOGETHER_FROM
  // The same name every time, for one seal is made at a time: what a killed one left is found by the next one, whoever makes it.
  const name = temporaryName(temporaryTag(deps.journal), 'own-manifest')
  const waiting = drafts.map((draft) => ({ draft, temporary: path.join(draft.path, name) }))
  for (const { draft, temporary } of waiting) {
    makeFolders(deps.files, root, draft.path)
    const bytes = Buffer.from(draft.text, 'utf8')
    const descriptor = createAnew(deps.files, temporary)
    try {
      deps.files.write(descriptor, bytes, 0, bytes.length)
      if (!together) deps.files.sync(descriptor)
    } finally {
      deps.files.close(descriptor)
    }
  }
  if (together) syncAll(deps, root, waiting)
  for (const { draft, temporary } of waiting) {
    deps.files.rename(temporary, path.join(draft.path, MANIFEST_FILE))
    const sealed = formatEvent({
      event: 'sealed',
      at: new Date(deps.clock()).toISOString(),
      generation: draft.generation,
      files: draft.files,
      manifestHash: draft.manifestHash,
    })
    appendLines(deps.files, path.join(draft.path, LOG_FILE), [sealed], !together)
    if (!together) deps.files.syncFolder(draft.path)
  }
  if (together && !deps.files.syncFileSystem(root)) for (const { draft } of waiting) syncLog(deps, draft)
}

/** In the place of what a seal of this home that was killed left under the name. */
function createAnew(files: DurableFiles, temporary: string): number {
  try {
    return files.create(temporary)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
    files.unlink(temporary)
    return files.create(temporary)
  }
}

function syncAll(deps: SealDeps, root: string, waiting: readonly { readonly temporary: string }[]): void {
  if (deps.files.syncFileSystem(root)) return
  for (const { temporary } of waiting) syncOne(deps, temporary)
}

function syncLog(deps: SealDeps, draft: Draft): void {
  syncOne(deps, path.join(draft.path, LOG_FILE))
  deps.files.syncFolder(draft.path)
}

function syncOne(deps: SealDeps, file: string): void {
  const descriptor = deps.files.openAppend(file)
  try {
    deps.files.sync(descriptor)
  } finally {
    deps.files.close(descriptor)
  }
}

function chainEntry(deps: SealDeps, draft: Draft): Omit<ChainLine, 'n' | 'previous'> {
  const log = readWhole(deps.files, path.join(draft.path, LOG_FILE))
  return {
    at: new Date(deps.clock()).toISOString(),
    folder: draft.folder,
    generation: draft.generation,
    files: draft.files,
    manifestHash: draft.manifestHash,
    logBytes: log.length,
    logHash: hashBytes(deps.hash, log),
  }
}
