// Leaves the status page at every place that is there, durable, whenever it would say something else than the one that lies there, and once a
// day all the same so that its date is not older than what is known. Promises never to fail a run: what could not be written is reported.
import path from 'node:path'
import { createHash } from 'node:crypto'
import { systemCode } from '../errors.js'
import { replaceFile } from '../files/durable.js'
import { temporaryIn } from '../files/temporary.js'
import { getMeta, setMeta, temporaryTag } from '../journal/meta.js'
import { listPlaces, type PlaceRow } from '../journal/places.js'
import { ROOT_FOLDER } from '../place/marker.js'
import { placeError } from '../place/place-error.js'
import { stateOfPlace } from '../place/places.js'
import type { StatusResult } from '../../shared/methods.js'
import type { StatusDeps } from './place-report.js'
import { DAY_MS } from './policy.js'
import { listShootsReport, type JudgingDeps } from './shoots.js'
import { statusHtml, withoutDate } from './status-html.js'

export const STATUS_PAGE = 'status.html'

export interface PageFailure {
  readonly place: string
  readonly message: string
}

/** @returns where it could not be written, in words */
export function leavePages(deps: StatusDeps, status: StatusResult): PageFailure[] {
  const { journal, files } = deps
  const here = listPlaces(journal).filter((place) => place.kind === 'drive' && stateOfPlace(files, place) === 'here')
  const digest = createHash('sha256')
    .update(JSON.stringify(withoutDate(status)))
    .digest('hex')
  const due = here.filter((place) => isDue(deps, place, digest))
  if (due.length === 0) return []
  const html = statusHtml(status, listShootsReport(deps).shoots)
  return due.flatMap((place) => leaveAt(deps, place, html, digest))
}

/** The page as it would be left now, for places that are no drives. */
export function pageOf(deps: JudgingDeps, status: StatusResult): string {
  return statusHtml(status, listShootsReport(deps).shoots)
}

function isDue({ journal, files, clock }: StatusDeps, place: PlaceRow, digest: string): boolean {
  if (files.stat(path.join(place.path, ROOT_FOLDER, STATUS_PAGE)) === undefined) return true
  const left = getMeta(journal, `status-page ${place.id}`)
  if (left === undefined) return true
  const [before = '', at = '0'] = left.split(' ')
  return before !== digest || Math.abs(clock() - Number(at)) >= DAY_MS
}

function leaveAt({ journal, files, clock }: StatusDeps, place: PlaceRow, html: string, digest: string): PageFailure[] {
  const root = path.join(place.path, ROOT_FOLDER)
  try {
    replaceFile(files, path.join(root, STATUS_PAGE), temporaryIn(root, temporaryTag(journal)), html)
    setMeta(journal, `status-page ${place.id}`, `${digest} ${clock()}`)
    return []
  } catch (error) {
    if (systemCode(error) === '') throw error
    return [
      {
        place: place.name,
        message: `The status page on "${place.name}" could not be written. ${placeError(error, place.name).message}`,
      },
    ]
  }
}
