// Which folders a cloud client keeps in step with its service. A copy there is no second place: whatever happens to one happens to
// the other. A folder is known by the record the client keeps of it, by the marker it leaves in it, or by the client's usual name
// directly in the home folder; a folder elsewhere that merely bears the name is not accused.
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { posix, win32 } from 'node:path'
import { z } from 'zod'
import { parseJson } from '../../parse-json.js'

export type SyncClient = 'Dropbox' | 'OneDrive' | 'iCloud Drive' | 'Google Drive'

/** What the disk says about sync clients, gathered once and judged purely. */
export interface SyncFacts {
  /** Folders that a client says it keeps in step. */
  readonly roots: readonly { readonly client: SyncClient; readonly folder: string }[]
  /** What lies at a path. */
  readonly kindOf: (path: string) => 'file' | 'folder' | undefined
}

/** The client that keeps `path` in step, if any. Follows symbolic links, and asks of a path that does not exist yet by its parents. */
export function syncClientOf(
  path: string,
  home: string,
  environment: NodeJS.ProcessEnv = process.env,
): SyncClient | undefined {
  const facts: SyncFacts = { roots: recordedRoots(home, environment), kindOf }
  return syncClientIn(path, home, facts) ?? syncClientIn(resolved(path), resolved(home), facts)
}

/** The judgement alone, for paths of either kind (`/Users/ann/…`, `C:\Users\ann\…`). */
export function syncClientIn(path: string, home: string, facts: SyncFacts): SyncClient | undefined {
  const recorded = facts.roots.find(({ folder }) => isWithin(path, folder))
  return recorded?.client ?? clientByHomeFolder(path, home) ?? clientByMarker(path, facts.kindOf)
}

/** The folders in Dropbox's `info.json`: one object per account, each with a `path`. */
export function parseDropboxInfo(text: string): readonly string[] {
  const accounts = DROPBOX_INFO.safeParse(parseJson(text))
  return accounts.success ? Object.values(accounts.data).flatMap(({ path }) => (path === undefined ? [] : [path])) : []
}

const DROPBOX_INFO = z.record(z.string(), z.looseObject({ path: z.string().optional() }))

/** Names that a client gives to the folder it makes in the home folder, or in macOS's CloudStorage. */
const HOME_NAMES: readonly (readonly [RegExp, SyncClient])[] = [
  [/^dropbox( \(.+\)|-.+)?$/i, 'Dropbox'],
  [/^onedrive( - .+|-.+)?$/i, 'OneDrive'],
  [/^icloud ?drive(-.+)?$/i, 'iCloud Drive'],
  [/^(google ?drive( \(.+\)|-.+)?|my drive( \(.+\))?)$/i, 'Google Drive'],
]

/** What a client leaves in the top folder that it keeps in step. (A folder `.dropbox` holds Dropbox's settings, beside the photos.) */
const MARKERS: readonly (readonly [string, 'file' | 'folder', SyncClient])[] = [
  ['.dropbox', 'file', 'Dropbox'],
  ['.dropbox.cache', 'folder', 'Dropbox'],
  ['.849C9593-D756-4E56-8D6E-42412F2A707B', 'file', 'OneDrive'],
  ['.shortcut-targets-by-id', 'folder', 'Google Drive'],
  ['.tmp.drivedownload', 'folder', 'Google Drive'],
  ['.tmp.driveupload', 'folder', 'Google Drive'],
]

function clientByHomeFolder(path: string, home: string): SyncClient | undefined {
  if (!isWithin(path, home)) return undefined
  const [first, second, third] = segmentsOf(path).slice(segmentsOf(home).length)
  if (first === 'Library' && second === 'Mobile Documents') return 'iCloud Drive'
  const name = first === 'Library' && second === 'CloudStorage' ? third : first
  return name === undefined ? undefined : HOME_NAMES.find(([pattern]) => pattern.test(name))?.[1]
}

function clientByMarker(path: string, kindOf: SyncFacts['kindOf']): SyncClient | undefined {
  const rules = rulesOf(path)
  for (let folder = path; ; folder = rules.dirname(folder)) {
    const marker = MARKERS.find(([name, kind]) => kindOf(rules.join(folder, name)) === kind)
    if (marker) return marker[2]
    if (rules.dirname(folder) === folder) return undefined
  }
}

function kindOf(path: string): 'file' | 'folder' | undefined {
  try {
    const stat = statSync(path, { throwIfNoEntry: false })
    return stat && (stat.isDirectory() ? 'folder' : 'file')
  } catch (error) {
    // Not to be seen: no sign of a client.
    if (error instanceof Error) return undefined
    throw error
  }
}

function recordedRoots(home: string, environment: NodeJS.ProcessEnv): SyncFacts['roots'] {
  const rules = rulesOf(home)
  const dropboxRecords = [
    rules.join(home, '.dropbox', 'info.json'),
    rules.join(home, 'AppData', 'Local', 'Dropbox', 'info.json'),
    rules.join(home, 'AppData', 'Roaming', 'Dropbox', 'info.json'),
  ]
  const oneDrives = ['OneDrive', 'OneDriveConsumer', 'OneDriveCommercial'].map((name) => environment[name] ?? '')
  // With "Desktop & Documents folders" switched on, both appear below iCloud Drive and lead back to the home folder.
  const cloudDocuments = rules.join(home, 'Library', 'Mobile Documents', 'com~apple~CloudDocs')
  const inCloud = ['Desktop', 'Documents']
    .map((name) => rules.join(cloudDocuments, name))
    .filter((name) => existsSync(name))
  return [
    ...dropboxRecords
      .filter((file) => existsSync(file))
      .flatMap((file) => parseDropboxInfo(readText(file)))
      .map((folder) => ({ client: 'Dropbox' as const, folder })),
    ...oneDrives.filter((folder) => folder !== '').map((folder) => ({ client: 'OneDrive' as const, folder })),
    ...inCloud.map((folder) => ({ client: 'iCloud Drive' as const, folder: resolved(folder) })),
  ]
}

/** The text of a client's record; '' when it may not be read, as the other signs still stand. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error) return ''
    throw error
  }
}

/** `path` without symbolic links, as far as it exists. */
function resolved(path: string): string {
  const rules = rulesOf(path)
  try {
    return realpathSync(path)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return rules.dirname(path) === path ? path : rules.join(resolved(rules.dirname(path)), rules.basename(path))
  }
}

function isWithin(path: string, folder: string): boolean {
  const [inner, outer] = [segmentsOf(path), segmentsOf(folder)]
  const fold = rulesOf(path) === win32 ? (name = '') => name.toLowerCase() : (name = '') => name.normalize('NFC')
  return outer.length > 0 && outer.every((name, index) => fold(inner[index]) === fold(name))
}

function segmentsOf(path: string): readonly string[] {
  return path.split(rulesOf(path) === win32 ? /[\\/]+/ : /\/+/).filter((segment) => segment !== '')
}

function rulesOf(path: string): typeof posix {
  return /^([a-z]:|\\\\)/i.test(path) ? win32 : posix
}
