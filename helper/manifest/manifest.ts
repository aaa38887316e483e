// safelight.b3: the names and hashes of a shoot's copies, in the very form that `b3sum --check` reads. Pure: text in, entries out.
import type { Hash } from '../model.js'
import { byCodePoint } from '../files/scan.js'

export const MANIFEST_FILE = 'safelight.b3'

export interface ManifestEntry {
  /** Below the shoot's folder, with `/`. */
  readonly path: string
  readonly hash: Hash
}

/** b3sum marks a line whose name it had to escape with a backslash before the hash. */
export function formatManifest(entries: readonly ManifestEntry[]): string {
  return [...entries]
    .sort((a, b) => byCodePoint(a.path, b.path))
    .map(({ path, hash }) =>
      /[\\\n]/.test(path)
        ? `\\${hash}  ${path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`
        : `${hash}  ${path}\n`,
    )
    .join('')
}

/** `s`, because a name may hold what JavaScript takes for the end of a line (a carriage return, U+2028) and b3sum does not. */
const LINE = /^(\\?)([0-9a-f]{64}) {2}(.+)$/s

/** @returns the entries that can be understood and safely joined to a folder, and the numbers (from 1) of the lines that cannot */
export function parseManifest(text: string): { entries: ManifestEntry[]; badLines: number[] } {
  const entries: ManifestEntry[] = []
  const badLines: number[] = []
  text.split('\n').forEach((line, index, lines) => {
    if (line === '' && index === lines.length - 1) return
    const [, escaped, hash, name] = LINE.exec(line) ?? []
    const path = name === undefined ? undefined : escaped === '\\' ? unescape(name) : name
    if (hash === undefined || path === undefined || !isSafeRelativePath(path)) badLines.push(index + 1)
    else entries.push({ path, hash })
  })
  return { entries, badLines }
}

function unescape(name: string): string {
  return name.replaceAll(/\\(n|\\)/g, (_, which: string) => (which === 'n' ? '\n' : '\\'))
}

/** A manifest may come from anywhere: its paths must stay below the folder they are joined to, on every system. */
export function isSafeRelativePath(path: string): boolean {
  if (path === '' || path.includes('\0') || path.startsWith('/')) return false
  if (process.platform === 'win32' && (path.includes('\\') || path.includes(':'))) return false
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}
