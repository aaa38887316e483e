// Ingest: a Lightroom event becomes journal rows. What is acknowledged is committed; what may not be read is refused by name. The paths come
// from another program, so each must be a picture, spelled plainly, below a root folder of the catalog, and outside Safelight's own folders.
import path from 'node:path'
import { kindOfFile } from '../engine/file-kinds.js'
import { SafelightError } from '../errors.js'
import type { DurableFiles } from '../files/durable.js'
import type { Journal } from '../journal/journal.js'
import { listPlaces } from '../journal/places.js'
import { noteRefused, noteTaken } from '../journal/refused.js'
import { catalogAt, saveCatalog, want, type Wanted } from '../journal/wanted.js'
import { ROOT_FOLDER } from '../place/marker.js'
import { judgePath, type PathPlatform } from '../server/path-guard.js'
import type { ImportedPhoto } from '../../shared/methods.js'

export interface IngestDeps {
  readonly files: DurableFiles
  readonly journal: Journal
  readonly clock: () => number
  readonly home: string
  readonly platform: PathPlatform
}

export interface Telling {
  readonly catalog: string
  /** Root folders of the catalog, as Lightroom lists them. */
  readonly roots: readonly string[]
  readonly photos: readonly ImportedPhoto[]
}

export interface Ingested {
  readonly accepted: number
  readonly refused: readonly { readonly path: string; readonly why: string }[]
  /** Highest photo id answered for in this catalog. */
  readonly cursor: number
}

/** Takes photos into the journal. Refused ones are answered for too: told again, they would be refused again; they are noted as unprotected.
 *  @param isImport  moves the catalog's cursor; false when the user asked by hand
 *  @throws USAGE when the catalog itself is not spelled as a file that could be one */
export function ingest(deps: IngestDeps, { catalog, roots, photos }: Telling, isImport: boolean): Ingested {
  refuseOddCatalog(catalog, deps.platform)
  const allowed = allowedRoots(deps, roots)
  const forbidden = forbiddenFolders(deps)
  const wanted: Wanted[] = []
  const taken = new Set<string>()
  const refused: { path: string; why: string }[] = []
  for (const photo of photos) {
    const judged = judgePhoto(photo, catalog, roots, forbidden, deps.platform)
    if (typeof judged === 'string') refused.push({ path: photo.path, why: judged })
    else {
      wanted.push(judged)
      taken.add(photo.path)
    }
  }
  const highest = isImport ? photos.reduce((max, photo) => Math.max(max, photo.id), 0) : 0
  deps.journal.transaction(() => {
    want(deps.journal, wanted, deps.clock())
    noteTaken(deps.journal, catalog, taken)
    noteRefused(deps.journal, catalog, refused)
    saveCatalog(deps.journal, { path: catalog, cursor: highest, roots: allowed }, deps.clock())
  })
  return { accepted: wanted.length, refused, cursor: catalogAt(deps.journal, catalog)?.cursor ?? highest }
}

/** Roots that a catalog names and that may be read. */
export function allowedRoots({ platform }: Pick<IngestDeps, 'platform'>, roots: readonly string[]): readonly string[] {
  return roots.filter((root) => isPossibleRoot(root, platform))
}

/** Judges an original that a catalog itself names, by the same rules as one that Lightroom tells of.
 *  @param roots  all that the catalog names, those that may not be read among them
 *  @returns what is wanted, or why it is refused */
export function judgeReferenced(
  deps: IngestDeps,
  file: string,
  isOffline: boolean,
  catalog: string,
  roots: readonly string[],
): Wanted | string {
  return judgePhoto({ path: file, isOffline }, catalog, roots, forbiddenFolders(deps), deps.platform)
}

function forbiddenFolders({ home, journal }: IngestDeps): string[] {
  return [home, ...listPlaces(journal).map((place) => path.join(place.path, ROOT_FOLDER))]
}

/** @throws USAGE when it is not spelled as a file that could be a catalog */
export function refuseOddCatalog(catalog: string, platform: PathPlatform): void {
  const judged = judgePath(catalog, [rules(platform).dirname(catalog)], platform)
  if (judged.ok && catalog.toLowerCase().endsWith('.lrcat')) return
  throw new SafelightError('USAGE', {
    message: 'Lightroom named a catalog that cannot be one, so nothing was taken from it.',
    remedy: 'Restart Lightroom. If it happens again, install the plugin anew: safelight plugin install',
  })
}

/** A root folder lies below something: the top of the file system, and folders of the system's own, hold no library. */
function isPossibleRoot(root: string, platform: PathPlatform): boolean {
  if (!judgePath(root, [root], platform).ok) return false
  if (platform === 'win32')
    return !/^[a-z]:[\\/](windows|program files|program files \(x86\)|programdata)([\\/]|$)/i.test(root)
  const parts = root.split('/').filter((part) => part !== '')
  return parts.length > 0 && !SYSTEM_FOLDERS.has(parts[0] ?? '')
}

const SYSTEM_FOLDERS: ReadonlySet<string> = new Set([
  'bin',
  'boot',
  'dev',
  'etc',
  'lib',
  'lib64',
  'proc',
  'sbin',
  'sys',
  'System',
  'usr',
])

const OF_THE_SYSTEM = 'in a folder of the system, which is never read; move the photos to a folder of your own'

/** @param named  all that the catalog names: what lies only below one that may not be read is refused for that reason
 *  @returns what is wanted, or why it is refused */
function judgePhoto(
  photo: Pick<ImportedPhoto, 'path' | 'isOffline'>,
  catalog: string,
  named: readonly string[],
  forbidden: readonly string[],
  platform: PathPlatform,
): Wanted | string {
  const roots = allowedRoots({ platform }, named)
  const judged = judgePath(photo.path, roots, platform)
  if (!judged.ok) return judgePath(photo.path, named, platform).ok ? OF_THE_SYSTEM : judged.why
  if (judgePath(photo.path, forbidden, platform).ok) return 'inside one of Safelight’s own folders'
  const its = rules(platform)
  const name = its.basename(photo.path)
  if (kindOfFile(name) === 'other') return 'not a photo or video by its name'
  // The most deeply nested of the roots it lies under is the one that Lightroom shows it in.
  const root = roots
    .filter((each) => judgePath(photo.path, [each], platform).ok)
    .reduce((a, b) => (b.length > a.length ? b : a), judged.folder)
  // Only where a backslash separates folders: elsewhere it may be part of a name, and `..\..` is one.
  const pathFromRoot = its.relative(root, its.dirname(photo.path)).split(its.sep).join('/')
  return { catalog, root: withoutTrailingSlash(root), pathFromRoot, name, isOffline: photo.isOffline }
}

function withoutTrailingSlash(folder: string): string {
  return folder.length > 1 ? folder.replace(/[\\/]+$/, '') : folder
}

function rules(platform: PathPlatform): typeof path.posix {
  return platform === 'win32' ? path.win32 : path.posix
}
