// Opening what was imported lately, a little at a time: bytes that were read exactly as they came can still be no picture, and while the card
// exists that can be mended. What is found is kept with the content; each content is opened once.
import path from 'node:path'
import { kindOfFile } from '../engine/file-kinds.js'
import { systemCode } from '../errors.js'
import type { DurableFiles } from '../files/durable.js'
import type { Journal } from '../journal/journal.js'
import { saveOpening, unopenedContents, type Unopened } from '../journal/openings.js'
import { listShoots, sourceById } from '../journal/shoots.js'
import { Opener, type OpenerOptions } from './decode.js'

export interface OpenNewDeps {
  readonly files: DurableFiles
  readonly journal: Journal
  readonly clock: () => number
  readonly opener?: OpenerOptions
}

/** Cards are formatted within days; older content is left to the drills. */
const NEW_FOR_MS = 14 * 24 * 60 * 60 * 1000
const AT_ONCE = 500

/** @param budgetMs  no other picture is begun after that
 *  @returns how many were opened, or were found to be broken */
export async function openNew(
  { files, journal, clock, opener: options }: OpenNewDeps,
  budgetMs: number,
  signal: AbortSignal,
): Promise<{ readonly opened: number; readonly broken: number }> {
  const begunMs = clock()
  const found = { opened: 0, broken: 0 }
  const waiting = unopenedContents(journal, begunMs - NEW_FOR_MS, AT_ONCE)
  if (waiting.length === 0) return found
  const shoots = new Map(listShoots(journal).map((shoot) => [shoot.id, shoot]))
  const opener = new Opener(options)
  try {
    for (const each of waiting) {
      if (signal.aborted || clock() - begunMs > budgetMs) break
      const shoot = shoots.get(each.shootId)
      const file =
        shoot && path.join(sourceById(journal, shoot.sourceId).path, ...shoot.pathFromRoot.split('/'), each.name)
      if (file === undefined || !isWhole(files, file, each)) continue
      const kind = kindOfFile(each.name)
      const said =
        kind === 'photo' || kind === 'video'
          ? await opener.open(file, signal)
          : ({ kind: 'unknown', why: 'it is no picture' } as const)
      // The decoder fell over it, or was stopped: nothing is known of the file, and a drill will try again.
      const row = said.kind === 'failed' ? ({ kind: 'unknown', why: said.why } as const) : said
      if (said.kind === 'failed' && said.why === 'stopped') break
      saveOpening(
        journal,
        { versionId: each.versionId, result: row.kind, why: row.kind === 'opened' ? '' : row.why },
        clock(),
      )
      if (row.kind === 'opened') found.opened += 1
      if (row.kind === 'broken') found.broken += 1
    }
    return found
  } finally {
    opener.close()
  }
}

/** Only the very content that was read: another size is a later one. */
function isWhole(files: DurableFiles, file: string, { sizeBytes }: Unopened): boolean {
  try {
    const stat = files.stat(file)
    return stat?.kind === 'file' && stat.sizeBytes === sizeBytes
  } catch (error) {
    if (systemCode(error) === '') throw error
    return false
  }
}
