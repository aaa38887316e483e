// Two sources of one name never share a folder at a place, also when two computers bring theirs at the same moment: the name is chosen with what
// lies there in view, and taken by the first line of a log before the first copy is made. Both in this computer's turn; see place/turn.ts.
import path from 'node:path'
import { SafelightError } from '../errors.js'
import { readWhole } from '../files/durable.js'
import { fold, freeLabel, labelAt, setLabelAt, type SourceRow } from '../journal/shoots.js'
import { LOG_FILE, parseLog, type LogEvent } from '../manifest/log.js'
import type { OpenPlace } from '../place/places.js'
import { catchUp } from './catch-up.js'
import type { PreparedShoot } from './prepare.js'
import type { BackupRun } from './run.js'
import { isSameSource } from './sources.js'

/** At every place of the run where this source was never sealed: another name where its own is another's. */
export async function settleNames(run: BackupRun, source: SourceRow): Promise<void> {
  for (const place of run.livePlaces()) {
    try {
      if (!isNewAt(run, source, place)) continue
      await run.inTurn(place, () => {
        catchUp(run.deps, place)
        settleName(run, source, place)
      })
    } catch (error) {
      run.placeRefused(place.id, error)
    }
  }
}

function settleName(run: BackupRun, source: SourceRow, place: OpenPlace): void {
  const { journal } = run.deps
  const known = labelAt(journal, source, place.id)
  const taken: string[] = []
  for (let label = known; ; label = freeLabel(taken, known)) {
    const other = ownerOf(run, place, label)
    if (other === undefined || isSameSource(other, source)) {
      if (label === known) return
      setLabelAt(journal, source.id, place.id, label)
      run.warn(
        `Another computer's folder on ${place.name} is called "${known}" already, so this one goes by "${label}" there`,
      )
      return
    }
    taken.push(label)
  }
}

/** Takes the names, once it is certain that something will be written.
 *  @param prepared  of this run */
export async function takeNames(run: BackupRun, prepared: readonly PreparedShoot[]): Promise<void> {
  for (const place of run.livePlaces()) {
    const first = new Map<number, PreparedShoot>()
    for (const each of prepared) {
      const { source } = each.shoot
      if (each.plan.files.length > 0 && each.newAt.includes(place.id) && !first.has(source.id))
        first.set(source.id, each)
    }
    const fresh = [...first.values()].filter(({ shoot }) => isNewAt(run, shoot.source, place))
    if (fresh.length === 0) continue
    try {
      await run.inTurn(place, () => {
        for (const { shoot } of fresh) takeName(run, shoot.source, shoot.row.id, place)
      })
    } catch (error) {
      run.placeRefused(place.id, error)
    }
  }
}

function takeName(run: BackupRun, source: SourceRow, shootId: number, place: OpenPlace): void {
  const label = labelAt(run.deps.journal, source, place.id)
  const other = ownerOf(run, place, label)
  if (other === undefined) run.recorder.introduceNow(shootId, place)
  else if (!isSameSource(other, source))
    throw new SafelightError('VOLUME_BUSY', {
      message: `Another computer has just begun a folder called "${label}" on ${place.name}. Nothing was copied to it.`,
      remedy: 'Run the same command again; it takes another name.',
    })
}

function isNewAt({ deps: { journal } }: BackupRun, source: SourceRow, place: OpenPlace): boolean {
  return (
    journal.get(
      'SELECT 1 AS found FROM shoots s JOIN seals l ON l.shoot_id = s.id WHERE s.source_id = ? AND l.place_id = ? LIMIT 1',
      [source.id, place.id],
    ) === undefined
  )
}

type Whereabouts = Parameters<typeof isSameSource>[0]

/** Which source the folder of this name at a place stands for, as the first log below it says. */
function ownerOf({ deps: { files } }: BackupRun, place: OpenPlace, label: string): Whereabouts | undefined {
  const photos = path.join(place.root, 'Photos')
  if (files.stat(photos)?.kind !== 'folder') return undefined
  const waiting = files
    .list(photos)
    .filter(({ name, kind }) => kind === 'folder' && fold(name) === fold(label))
    .map(({ name }) => path.join(photos, name))
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const log = path.join(folder, LOG_FILE)
    if (files.stat(log)?.kind === 'file') {
      const said = parseLog(readWhole(files, log).toString('utf8')).events.find(isSource)
      if (said) return whereabouts(said)
    }
    for (const { name, kind } of files.list(folder))
      if (kind === 'folder' && name !== 'Versions' && name !== 'Quarantine') waiting.push(path.join(folder, name))
  }
  return undefined
}

type SourceEvent = Extract<LogEvent, { event: 'source' }>

function isSource(event: LogEvent): event is SourceEvent {
  return event.event === 'source'
}

function whereabouts({ root, volume, pathOnVolume }: SourceEvent): Whereabouts {
  return { path: root, ...(volume === undefined ? {} : { volumeId: volume, pathOnVolume: pathOnVolume ?? '' }) }
}
