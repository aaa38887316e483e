// The verdict on a card: every file of it is read from the device, hashed by the workers and looked for among all that is proven. The card is
// opened for reading only and nothing is ever written to it; what was on it is remembered in the journal, where it is no copy. Long, because
// whoever asks what is done with a card is to find all of it in one place: finding, reading, gathering, answering, remembering.
import path from 'node:path'
import fs from 'fs-extra'
import { WORKERS_MAX } from '../engine/pool.js'
import { ProgressMeter, type OnProgress } from '../engine/progress.js'
import type { EngineDeps } from '../engine/run.js'
import { ERROR_CODES, SafelightError } from '../errors.js'
import { hashBytes } from '../files/hash.js'
import { scanFolder, type Scan } from '../files/scan.js'
import { hashesOfCard, listCards, saveCard, type CardFileRow } from '../journal/cards.js'
import { listPlaces } from '../journal/places.js'
import { listCatalogs } from '../journal/wanted.js'
import { ROOT_FOLDER } from '../place/marker.js'
import type { Policy } from '../status/policy.js'
import { judgingTime } from '../status/shoots.js'
import type { CardPolicy, CardResult, Params } from '../../shared/methods.js'
import { notAPicture } from './contents.js'
import { Evidence, isInside, type Card, type Unmatched } from './evidence.js'
import { judgeCard, type CardFacts, type CardFile } from './verdict.js'
import { sentenceOf } from './words.js'

/** @throws SOURCE_MISSING, SOURCE_VANISHED, PLACES_OVERLAP, INTERRUPTED */
export async function checkCard(
  deps: EngineDeps,
  { path: named, policy = 'confirmed', quick = false }: Params<'card/check'>,
  belief: Policy,
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<CardResult> {
  const folder = await realFolder(named)
  // They start while the system is asked about the card.
  if (!quick) deps.pool.warmUp(WORKERS_MAX)
  const card = await findCard(deps, folder)
  refuseOwn(deps, card.root)
  const scan = scanFolder(deps.files, card.root)
  const { asked, leftOut } = sortOut(scan)
  const evidence = new Evidence(deps, card)
  const readings = quick ? undefined : await readAll(deps, card, asked, signal, onProgress)
  const facts = gather(evidence, asked, readings)
  const links = leftOut.filter(({ why }) => why === NOT_FOLLOWED || why === NOT_A_FILE)
  const common = {
    files: facts.files,
    unreadable: [
      ...scan.unreadable.map(({ file, message }) => ({ file, why: `it cannot be read: ${message}` })),
      ...links.map(({ file, why }) => ({ file, why: `it was not read: ${why}` })),
    ],
    belief,
    hasOffSite: evidence.hasOffSite,
    isQuick: quick,
    nowMs: judgingTime(deps),
  }
  const verdict = judgeCard({ ...common, policy })
  const label = labelOf(card)
  const bytes = asked.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const level = levelOf(common)
  const hashes = [...(readings ?? [])].flatMap(([file, { hash }]) => (hash === undefined ? [] : [{ file, hash }]))
  const sameAs = quick ? [] : sameCards(deps, card, hashes)
  const isSafe = verdict.verdict === 'safe'
  const looksKnown = quick ? { looksKnown: evidence.looksKnown(asked) } : {}
  const result: CardResult = {
    ok: isSafe,
    exitCode: isSafe ? 0 : exitCodeOf(verdict.unsafe),
    summary: sentenceOf({
      label,
      policy,
      level,
      verdict,
      files: asked.length,
      bytes,
      hasOffSite: evidence.hasOffSite,
      ...looksKnown,
    }),
    answer: isSafe ? 'SAFE TO FORMAT' : 'DO NOT FORMAT',
    verdict: verdict.verdict,
    policy,
    level,
    folder: card.root,
    files: asked.length,
    bytes,
    safe: verdict.safe,
    unsafe: verdict.unsafe,
    leftOut,
    shoots: facts.shoots,
    sameAs,
    readBack: readBackOf(readings),
    isQuick: quick,
    warnings: warningsOf(card, named),
  }
  if (!quick) remember(deps, card, result, hashes)
  return result
}

const NOT_FOLLOWED = 'a link, not followed'
const NOT_A_FILE = 'not a regular file'

/** The strongest policy that the card passes. */
function levelOf(facts: Omit<CardFacts, 'policy'>): CardResult['level'] {
  const passes = (policy: CardPolicy): boolean => judgeCard({ ...facts, policy }).verdict === 'safe'
  return (['confirmed-locked', 'confirmed', 'in-flight', 'local-only'] as const).find(passes) ?? 'hold'
}

function exitCodeOf(unsafe: CardResult['unsafe']): number {
  if (unsafe.some(({ kind }) => kind === 'unreadable')) return ERROR_CODES.SOURCE_UNREADABLE.exit
  return unsafe.some(({ kind }) => kind === 'differs') ? ERROR_CODES.COPY_DIFFERS.exit : ERROR_CODES.COPY_MISSING.exit
}

/** The whole card, also when only a folder on it is named: a camera formats all of it. */
async function findCard({ files, volumes }: EngineDeps, root: string): Promise<Card> {
  const volume = await volumes.describe(root)
  let top = root
  for (let at = root; isInside(at, volume.mountPoint); at = path.dirname(at)) {
    if (files.stat(path.join(at, 'DCIM'))?.kind === 'folder') top = at
    if (path.dirname(at) === at) break
  }
  return { root: top, volume, isWholeMedium: top === volume.mountPoint || volume.medium === 'removable' }
}

async function realFolder(named: string): Promise<string> {
  try {
    const real = await fs.realpath(named)
    if ((await fs.stat(real)).isDirectory()) return real
  } catch (error) {
    throw noCard(named, error)
  }
  throw noCard(named, undefined)
}

function noCard(named: string, cause: unknown): SafelightError {
  return new SafelightError('SOURCE_MISSING', {
    message: `There is no card and no folder at ${named}. Nothing is said about any card.`,
    remedy: 'Put the card in, or name the folder where it is mounted.',
    cause,
  })
}

/** A place, or the very pictures that Lightroom works on, must not be taken for a card.
 *  @throws PLACES_OVERLAP */
function refuseOwn({ files, journal }: EngineDeps, root: string): void {
  const places = listPlaces(journal).filter(({ kind }) => kind === 'drive')
  const place = places.find(
    (each) => isInside(path.join(each.path, ROOT_FOLDER), root) || isInside(root, path.join(each.path, ROOT_FOLDER)),
  )
  const isPlace = place !== undefined || files.stat(path.join(root, ROOT_FOLDER, 'place.json')) !== undefined
  if (isPlace)
    throw new SafelightError('PLACES_OVERLAP', {
      message: `DO NOT FORMAT. ${root} holds Safelight’s own copies${place ? ` ("${place.name}")` : ''}: it is no card, and formatting it would destroy them.`,
      remedy: 'Name the card that the pictures were taken on.',
    })
  const library = listCatalogs(journal)
    .flatMap(({ roots }) => roots)
    .find((each) => isInside(each, root) || isInside(root, each))
  if (library !== undefined)
    throw new SafelightError('PLACES_OVERLAP', {
      message: `DO NOT FORMAT. Lightroom itself works on pictures in ${library}: they are the originals, and would be gone from the catalog.`,
      remedy:
        'Name the card that the pictures were copied from. Pictures that were added without copying are to be moved in Lightroom first.',
    })
}

interface Sorted {
  readonly asked: readonly Unmatched[]
  readonly leftOut: readonly { readonly file: string; readonly why: string }[]
}

function sortOut(scan: Scan): Sorted {
  const all = scan.folders.flatMap(({ pathFromRoot, files }) =>
    files.map(({ name, sizeBytes, mtimeMs }) => ({
      file: pathFromRoot === '' ? name : `${pathFromRoot}/${name}`,
      sizeBytes,
      mtimeMs,
    })),
  )
  const names = new Set(all.map(({ file }) => file.toLowerCase()))
  const others = all.flatMap(({ file }) => {
    const why = notAPicture(file, names)
    return why === undefined ? [] : [{ file, why }]
  })
  const isOther = new Set(others.map(({ file }) => file))
  return { asked: all.filter(({ file }) => !isOther.has(file)), leftOut: [...others, ...scan.leftOut] }
}

interface Reading {
  readonly hash?: string
  readonly how?: 'direct' | 'cached'
  readonly why?: string
}

async function readAll(
  deps: EngineDeps,
  card: Card,
  asked: readonly Unmatched[],
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<Map<string, Reading>> {
  const { files, pool } = deps
  const before = identityOf(deps, card)
  const counts = { done: 0 }
  const meter = new ProgressMeter(pool, counts, onProgress, deps.clock, 'readBack')
  const stop = (): void => pool.stop()
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  const readings = new Map<string, Reading>()
  try {
    meter.begin(
      'reading',
      asked.length,
      asked.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    )
    await Promise.all(
      asked.map(async ({ file, sizeBytes, mtimeMs }) => {
        const at = path.join(card.root, ...file.split('/'))
        const { result } = await pool.run({ kind: 'hash', file: at, sizeBytes, fromDevice: true })
        counts.done += 1
        if ('failure' in result) readings.set(file, { why: result.failure.message })
        else if (
          result.stat.sizeBytes !== sizeBytes ||
          result.stat.mtimeMs !== mtimeMs ||
          files.stat(at)?.mtimeMs !== mtimeMs
        )
          readings.set(file, { why: 'it changed while it was being read' })
        else readings.set(file, { hash: result.hash, how: result.how })
      }),
    )
  } finally {
    signal.removeEventListener('abort', stop)
    meter.close()
  }
  if (signal.aborted)
    throw new SafelightError('INTERRUPTED', {
      message: `DO NOT FORMAT. Reading ${labelOf(card)} was stopped; nothing is said about it.`,
      remedy: 'Run the same command again.',
    })
  if (identityOf(deps, card) !== before || before === '') throw vanished(card)
  return readings
}

function identityOf({ files }: EngineDeps, { root }: Card): string {
  const stat = files.stat(root)
  return stat ? `${stat.device}:${stat.inode}` : ''
}

function vanished(card: Card): SafelightError {
  return new SafelightError('SOURCE_VANISHED', {
    message: `DO NOT FORMAT. ${labelOf(card)} was taken away while it was being read; nothing is said about it.`,
    remedy: 'Put it in again and run the same command.',
  })
}

function gather(
  evidence: Evidence,
  asked: readonly Unmatched[],
  readings: ReadonlyMap<string, Reading> | undefined,
): { readonly files: CardFile[]; readonly shoots: CardResult['shoots'] } {
  const shoots = new Map<string, number>()
  const found = asked.map((each) => {
    const reading = readings?.get(each.file)
    const known = reading?.hash === undefined ? undefined : evidence.ofContent(reading.hash, each.sizeBytes)
    for (const id of known?.shoots ?? []) shoots.set(id, (shoots.get(id) ?? 0) + 1)
    return { each, reading, known }
  })
  const unmatched = found.filter(({ reading, known }) => reading?.hash !== undefined && known?.isKnown !== true)
  const lookalikes = evidence.lookalikes(unmatched.map(({ each }) => each))
  const files = found.map(({ each: { file, sizeBytes }, reading, known }): CardFile => {
    const lookalike = lookalikes.get(file)
    return {
      file,
      sizeBytes,
      read: readOf(reading),
      isKnown: known?.isKnown ?? false,
      proofs: known?.proofs ?? [],
      ...(lookalike === undefined ? {} : { lookalike }),
    }
  })
  return {
    files,
    shoots: [...shoots].map(([id, count]) => ({ id, files: count })).sort((a, b) => b.files - a.files),
  }
}

function readOf(reading: Reading | undefined): CardFile['read'] {
  if (reading?.hash !== undefined) return { kind: 'hashed' }
  return reading?.why === undefined ? { kind: 'not-read' } : { kind: 'unreadable', why: reading.why }
}

function readBackOf(readings: ReadonlyMap<string, Reading> | undefined): CardResult['readBack'] {
  const all = [...(readings?.values() ?? [])]
  return {
    direct: all.filter(({ how }) => how === 'direct').length,
    cached: all.filter(({ how }) => how === 'cached').length,
  }
}

function labelOf({ root, volume, isWholeMedium }: Card): string {
  const name = path.basename(root)
  return (isWholeMedium ? volume.label : undefined) ?? (name === '' ? root : name)
}

function warningsOf(card: Card, named: string): string[] {
  const isWidened = path.resolve(named) !== card.root && !isInside(card.root, path.resolve(named))
  return [
    ...(isWidened
      ? [`${named} is a folder on a card: all of the card (${card.root}) was read, because all of it is formatted`]
      : []),
    ...(card.isWholeMedium
      ? []
      : [`${card.root} is a folder on a larger disk: what is said holds for this folder, not for that disk`]),
  ]
}

/** Cards that were checked before and are not this one, with the same pictures: the other slot's. */
function sameCards({ journal }: EngineDeps, card: Card, files: readonly CardFileRow[]): CardResult['sameAs'] {
  const here = new Set(files.map(({ hash }) => hash))
  const others = listCards(journal).filter(({ volume }) => volume !== volumeOf(card))
  const seen = new Set<string>()
  return others.slice(0, COMPARED_CARDS).flatMap(({ id, volume, label, checkedMs }) => {
    if (seen.has(volume)) return []
    const there = hashesOfCard(journal, id)
    const same = [...here].filter((hash) => there.has(hash)).length
    if (same === 0) return []
    seen.add(volume)
    const counts = { same, onlyHere: here.size - same, onlyThere: there.size - same }
    return [{ card: label, checkedAt: new Date(checkedMs).toISOString(), ...counts }]
  })
}

const COMPARED_CARDS = 20

function volumeOf({ root, volume }: Card): string {
  if (volume.volumeId === undefined) return root
  const way = path.relative(volume.mountPoint, root)
  return way === '' ? volume.volumeId : `${volume.volumeId}:${way}`
}

function remember(
  { journal, hash, clock }: EngineDeps,
  card: Card,
  result: CardResult,
  files: readonly CardFileRow[],
): void {
  if (files.length === 0) return
  const content = hashBytes(
    hash,
    Buffer.from(
      files
        .map((each) => each.hash)
        .sort()
        .join('\n'),
    ),
  )
  saveCard(
    journal,
    {
      volume: volumeOf(card),
      content,
      label: labelOf(card),
      checkedMs: clock(),
      verdict: result.verdict,
      policy: result.policy,
      shoots: result.shoots.map(({ id }) => id),
    },
    files,
  )
}
