// Which catalogs this user's Lightroom knows, read from its preferences: the one it opens and those it opened lately. The texts are Lua tables
// inside strings (lrcat facts: agprefs on Windows, a property list on macOS), so paths are picked out of them by their ending rather than
// parsed; a path that is not there is left out by the caller. Nothing is written and no catalog is opened.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { execa } from 'execa'

/** Every path of a catalog in a preferences text, in its order, each once. Pure. */
export function catalogsIn(text: string): string[] {
  // A quotation mark inside the inner string is escaped once, a backslash in a Windows path up to twice.
  const plain = text.replaceAll(/\\+(["'])/g, '$1').replaceAll(/\\\\+/g, '\\')
  const found = plain.matchAll(/(?:[A-Za-z]:[\\/]|\\\\|\/)[^"'<>|\r\n]*?\.lrcat(?![A-Za-z0-9-])/g)
  return [...new Set([...found].map(([file]) => file.trim()))]
}

export interface UserFolders {
  readonly home: string
  readonly appData?: string | undefined
}

/** Where preferences may be, for this system. Pure. */
export function preferenceFolders(platform: NodeJS.Platform, { home, appData }: UserFolders): readonly string[] {
  if (platform === 'win32')
    return [path.join(appData ?? path.join(home, 'AppData', 'Roaming'), 'Adobe', 'Lightroom', 'Preferences')]
  if (platform === 'darwin')
    return [
      path.join(home, 'Library', 'Preferences'),
      path.join(home, 'Library', 'Application Support', 'Adobe', 'Lightroom', 'Preferences'),
    ]
  return []
}

const PREFERENCES = /^(?:Lightroom Classic.*\.agprefs|com\.adobe\.Lightroom(?:ClassicCC)?\d*\.plist)$/i

/** The catalogs that exist: those of the preferences first, then those in Lightroom's usual folder. */
export async function findCatalogs(platform: NodeJS.Platform, user: UserFolders): Promise<string[]> {
  const files = preferenceFolders(platform, user).flatMap((folder) =>
    namesIn(folder)
      .filter((name) => PREFERENCES.test(name))
      .map((name) => path.join(folder, name)),
  )
  const texts = await Promise.all(files.map(textOf))
  const usual = path.join(user.home, 'Pictures', 'Lightroom')
  const beside = namesIn(usual)
    .filter((name) => name.endsWith('.lrcat'))
    .map((name) => path.join(usual, name))
  return [...new Set([...texts.flatMap(catalogsIn), ...beside])].filter((file) => existsSync(file))
}

const PLUTIL_MS = 10_000

/** A property list may be binary; the system's own tool turns it into text. What cannot be read names no catalog. */
async function textOf(file: string): Promise<string> {
  if (!file.endsWith('.plist')) return readFileSync(file, 'utf8')
  const { stdout, failed } = await execa('plutil', ['-convert', 'xml1', '-o', '-', file], {
    reject: false,
    timeout: PLUTIL_MS,
  })
  return failed ? readFileSync(file, 'utf8') : stdout
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : []
}
