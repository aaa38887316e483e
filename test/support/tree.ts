// Fresh folders for one test, and files written as a literal tree. Contents come from the name unless they are given, so that no two
// files are alike by accident; every mtime is set, so that nothing depends on when the test ran.
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** When pictures in tests were taken. */
export const TAKEN = new Date('2026-06-01T10:20:30.000Z')

export interface Scratch {
  readonly root: string
  readonly home: string
  /** A path in the folder; nothing is made. */
  at(...parts: string[]): string
  /** Makes a folder. */
  folder(...parts: string[]): string
  /** Writes files below a folder: name (with `/`) → content, or `null` for one made from its name. */
  tree(folder: string, files: Readonly<Record<string, string | Buffer | null>>): string
  /** Takes all of it away. */
  remove(): void
}

export function scratch(): Scratch {
  const root = mkdtempSync(path.join(os.tmpdir(), 'safelight-test-'))
  const at = (...parts: string[]): string => path.join(root, ...parts)
  const folder = (...parts: string[]): string => {
    mkdirSync(at(...parts), { recursive: true })
    return at(...parts)
  }
  return {
    root,
    home: at('home'),
    at,
    folder,
    tree(name, files) {
      const top = folder(name)
      for (const [file, content] of Object.entries(files)) write(path.join(top, file), content ?? contentOf(file))
      return top
    },
    remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 40, retryDelay: 50 }),
  }
}

/** Writes a file with the time that all of a test's pictures have. */
export function write(file: string, content: string | Buffer, at: Date = TAKEN): void {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, content)
  utimesSync(file, at, at)
}

/** Some kilobytes that differ from name to name. */
export function contentOf(name: string): Buffer {
  return Buffer.from(`${name}\n`.repeat(1 + Math.floor(4000 / (name.length + 1))))
}
