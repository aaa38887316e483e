// May a path that came in a message be read? Pure text judgement, before any file system call: an ordinary absolute path at or below one
// of the folders that the catalog names, in one spelling. Links below such a folder are the scan's business, which does not follow them.
import { MAX_PATH_LENGTH } from './limits.js'

export type PathPlatform = 'linux' | 'darwin' | 'win32'

export type PathJudgement =
  | { readonly ok: true; /** The folder that allowed it, as given. */ readonly folder: string }
  | { readonly ok: false; readonly why: PathRefusal }

export type PathRefusal =
  | 'empty'
  | 'too long'
  | 'control character'
  | 'not well-formed text'
  | 'not absolute'
  | 'contains . or ..'
  | 'device'
  | 'alternate data stream'
  | 'ambiguous name'
  | 'outside the catalog’s folders'

/** @param folders  absolute folders that the catalog itself names; a share (`\\server\photos`) is allowed only by being one of these.
 *                  A folder that would not itself pass allows nothing.
 *  @param platform whose rules the path follows: process.platform; anything but these two is 'linux' */
export function judgePath(path: string, folders: readonly string[], platform: PathPlatform): PathJudgement {
  const wanted = split(path, platform)
  if (typeof wanted === 'string') return { ok: false, why: wanted }
  const folder = folders.find((each) => {
    const allowed = split(each, platform)
    return typeof allowed !== 'string' && isAtOrBelow(wanted, allowed)
  })
  return folder === undefined ? { ok: false, why: 'outside the catalog’s folders' } : { ok: true, folder }
}

interface SplitPath {
  /** `/`, `C:` or `\\server\share`, in comparable form. */
  readonly root: string
  /** Names below the root, in comparable form. */
  readonly names: readonly string[]
}

/** Windows finds these in every folder, with any extension. */
const DEVICE_NAME = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$/i

function split(path: string, platform: PathPlatform): SplitPath | PathRefusal {
  if (path === '') return 'empty'
  if (path.length > MAX_PATH_LENGTH) return 'too long'
  if (hasLoneSurrogate(path)) return 'not well-formed text'
  // NUL ends a name for the system, and the others are in no name that Lightroom wrote.
  if (hasControl(path)) return 'control character'
  return platform === 'win32' ? splitWindows(path) : splitPosix(path, platform)
}

function splitPosix(path: string, platform: PathPlatform): SplitPath | PathRefusal {
  if (!path.startsWith('/')) return 'not absolute'
  const names = path.split('/').filter((name) => name !== '')
  if (names.some((name) => name === '.' || name === '..')) return 'contains . or ..'
  // macOS finds a file under both Unicode spellings and Lightroom may give either; on Linux the two are two files.
  return { root: '/', names: platform === 'darwin' ? names.map((name) => name.normalize('NFC')) : names }
}

function splitWindows(path: string): SplitPath | PathRefusal {
  const text = path.replaceAll('/', '\\')
  // \\?\, \\.\ and \??\ go past the rules of names to devices and volumes.
  if (/^\\\\[?.](\\|$)/.test(text) || text.startsWith('\\??\\')) return 'device'
  const match = /^(?<drive>[A-Za-z]:)\\/.exec(text) ?? /^(?<share>\\\\[^\\]+\\[^\\]+)(?:\\|$)/.exec(text)
  if (match === null) return 'not absolute'
  const names = text
    .slice(match[0].length)
    .split('\\')
    .filter((name) => name !== '')
  const all =
    match.groups?.['share'] === undefined ? names : [...match[0].split('\\').filter((name) => name !== ''), ...names]
  const refusal = all.map(refusalOfWindowsName).find((why) => why !== undefined)
  if (refusal !== undefined) return refusal
  return { root: comparable(match[0].replace(/\\$/, '')), names: names.map(comparable) }
}

function refusalOfWindowsName(name: string): PathRefusal | undefined {
  if (name === '.' || name === '..') return 'contains . or ..'
  if (
    DEVICE_NAME.test(name.replace(/[ .]+$/, '')) ||
    (/^[^.]*\s+\./.test(name) && DEVICE_NAME.test(name.replace(/\s+\./, '.')))
  )
    return 'device'
  if (name.includes(':')) return 'alternate data stream'
  // Windows drops blanks and dots at the end and reads the others as patterns: what is opened would not be what was judged.
  if (/[ .]$/.test(name) || /[<>"|?*]/.test(name)) return 'ambiguous name'
  return undefined
}

/** Windows compares names without case, one UTF-16 unit at a time: Straße and STRASSE stay two names. */
function comparable(name: string): string {
  return name
    .split('')
    .map((unit) => (unit.toUpperCase().length === 1 ? unit.toUpperCase() : unit))
    .join('')
}

function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text)
}

function hasControl(text: string): boolean {
  return /\p{Control}/u.test(text)
}

function isAtOrBelow(path: SplitPath, folder: SplitPath): boolean {
  return path.root === folder.root && folder.names.every((name, at) => path.names[at] === name)
}
