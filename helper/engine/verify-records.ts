// Checking the records beside the copies: the chain against what the journal remembers of it, a shoot's manifest and log against the chain,
// and the folder against the manifest. Reads only.
import path from 'node:path'
import type { EntryStat } from '../files/durable.js'
import { hashBytes } from '../files/hash.js'
import { isLitter, isOwnFile } from '../files/scan.js'
import { readWhole } from '../files/durable.js'
import { chainBreaks } from '../journal/meta.js'
import { placeById } from '../journal/places.js'
import type { ShootRow } from '../journal/shoots.js'
import { sealOf } from '../journal/steps.js'
import { holdsHead, readChain, CHAIN_FILE, type ChainLine } from '../manifest/chain.js'
import { LOG_FILE } from '../manifest/log.js'
import { MANIFEST_FILE, parseManifest } from '../manifest/manifest.js'
import { manifestEntries } from '../manifest/seal.js'
import type { OpenPlace } from '../place/places.js'
import type { ChainView } from './catch-up.js'
import { folderBelowPhotos, shootFolderAt } from './finish.js'
import type { BackupRun } from './run.js'

export function checkChain(run: BackupRun, place: OpenPlace): void {
  const { files, journal, hash } = run.deps
  const chain = readChain(files, place.root, hash)
  const known = placeById(journal, place.id)
  const breaks = new Set([...chainBreaks(journal, place.id), ...chain.breaks])
  if (known && !holdsHead(chain, known.chainLength, known.chainHead)) {
    breaks.add(
      chain.lines.length < known.chainLength
        ? `${known.chainLength - chain.lines.length} of its ${known.chainLength} lines have been removed`
        : 'lines that were there before have been removed or altered',
    )
  }
  for (const message of breaks) {
    run.find({
      kind: 'manifest',
      place: place.name,
      shoot: '',
      file: CHAIN_FILE,
      message: `the record of sealed manifests was altered: ${message}`,
    })
  }
}

/** Compares safelight.b3 and the log of one shoot with what was sealed. */
export function checkManifest(run: BackupRun, place: OpenPlace, shoot: ShootRow, chain: ChainView): void {
  for (const fault of faultsOfRecords(run, place, shoot, chain))
    run.find({ kind: 'manifest', place: place.name, shoot: shoot.key, ...fault })
}

/** What is wrong with them, in words. */
export function faultsOfRecords(
  run: BackupRun,
  place: OpenPlace,
  shoot: ShootRow,
  chain: ChainView,
): { readonly file: string; readonly message: string }[] {
  const { files, journal, hash } = run.deps
  const sealed = sealOf(journal, shoot.id, place.id)
  if (!sealed) return []
  const faults: { readonly file: string; readonly message: string }[] = []
  const folder = shootFolderAt(run, place, shoot)
  const find = (file: string, message: string): void => void faults.push({ file, message })
  const manifest = path.join(folder, MANIFEST_FILE)
  const line = chain.newest(folderBelowPhotos(run, place, shoot))
  if (line?.manifestHash !== sealed.manifestHash || line.generation !== sealed.generation) {
    find(
      CHAIN_FILE,
      `generation ${sealed.generation} of this shoot's manifest is not in the record of sealed manifests`,
    )
  }
  if (files.stat(manifest) === undefined) {
    find(MANIFEST_FILE, 'the manifest is gone')
  } else {
    const text = readWhole(files, manifest)
    if (hashBytes(hash, text) !== sealed.manifestHash) {
      for (const message of differences(run, place, shoot, text.toString('utf8'))) find(MANIFEST_FILE, message)
    }
  }
  const log = path.join(folder, LOG_FILE)
  if (files.stat(log) === undefined) {
    find(LOG_FILE, 'the log is gone, and with it the record of when and how each copy was checked')
  } else if (line && !isLogWhole(run, log, line)) {
    find(LOG_FILE, 'the log was altered or shortened: what it said when it was sealed is no longer what it says')
  }
  return faults
}

/** In words, how the manifest differs from what was sealed; at least one sentence. */
function differences(run: BackupRun, place: OpenPlace, shoot: ShootRow, text: string): string[] {
  const { entries, badLines } = parseManifest(text)
  const there = new Map(entries.map((entry) => [entry.path, entry.hash]))
  const sealed = manifestEntries(run.deps.journal, shoot.id, place.id)
  const removed = sealed
    .filter((entry) => !there.has(entry.path))
    .map((entry) => `the line for ${entry.path} was removed`)
  const altered = sealed
    .filter((entry) => there.has(entry.path) && there.get(entry.path) !== entry.hash)
    .map((entry) => `the line for ${entry.path} was altered`)
  const names = new Set(sealed.map((entry) => entry.path))
  const added = entries.filter((entry) => !names.has(entry.path)).map((entry) => `a line for ${entry.path} was added`)
  const bad = badLines.map((number) => `line ${number} cannot be understood`)
  const all = [...removed, ...altered, ...added, ...bad]
  return all.length > 0 ? all : ['it is not the manifest that was sealed, though it lists the same files']
}

function isLogWhole(run: BackupRun, file: string, line: ChainLine): boolean {
  const { files, hash } = run.deps
  const text = readWhole(files, file)
  return text.length >= line.logBytes && hashBytes(hash, text.subarray(0, line.logBytes)) === line.logHash
}

/** Reports files in a shoot's folder that no record speaks of. Folders below it are other shoots, except Versions/; Quarantine/ holds what
 *  a heal took away and is nobody's copy. */
export function findExtras(
  run: BackupRun,
  place: OpenPlace,
  shoot: ShootRow,
  folder: string,
  known: ReadonlyMap<string, unknown>,
): void {
  for (const file of extrasIn(run, folder, known))
    run.find({
      kind: 'extra',
      place: place.name,
      shoot: shoot.key,
      file,
      message: 'it lies among the copies, and nothing says how it came there',
    })
}

/** @param known  by path below the shoot's folder */
export function extrasIn(run: BackupRun, folder: string, known: ReadonlyMap<string, unknown>): string[] {
  const extras: string[] = []
  const report = (file: string): void => void extras.push(file)
  for (const name of filesIn(run, folder)) if (!known.has(name) && !isOwnFile(name)) report(name)
  const versions = path.join(folder, 'Versions')
  if (statOf(run, versions)?.kind !== 'folder') return extras
  for (const { name: stamp, kind } of run.deps.files.list(versions)) {
    if (kind !== 'folder') report(`Versions/${stamp}`)
    else
      for (const name of filesIn(run, path.join(versions, stamp)))
        if (!known.has(`Versions/${stamp}/${name}`)) report(`Versions/${stamp}/${name}`)
  }
  return extras
}

function filesIn(run: BackupRun, folder: string): string[] {
  if (statOf(run, folder)?.kind !== 'folder') return []
  return run.deps.files
    .list(folder)
    .filter((entry) => entry.kind !== 'folder' && !isLitter(entry.name))
    .map((entry) => entry.name)
}

function statOf(run: BackupRun, file: string): EntryStat | undefined {
  return run.deps.files.stat(file)
}
