// The library's catalog and the Lightroom that works in it, as far as Safelight meets them: a catalog of the pictures that were imported, told
// or not told of, and written anew each time Lightroom quits.
import fs from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { makeCatalog, type LiteralPhoto } from '../../support/catalog.js'
import type { World } from './world.js'

export class Catalog {
  readonly file: string
  readonly #world: World
  /** Every catalog that there ever was, as bytes. */
  readonly #editions: Buffer[] = []

  constructor(world: World) {
    this.#world = world
    this.file = path.join(world.root, 'disk', 'Lightroom', 'Wedding.lrcat')
  }

  get exists(): boolean {
    return this.#editions.length > 0
  }

  /** Lightroom quits: the catalog names every picture of the library, and a little more work than the last time. */
  write(): void {
    const folders: Record<string, LiteralPhoto[]> = {}
    for (const file of this.pictures()) {
      const folder = `${path.posix.dirname(file)}/`
      const photos = (folders[folder] ??= [])
      photos.push({ name: path.posix.basename(file) })
    }
    fs.mkdirSync(path.dirname(this.file), { recursive: true })
    fs.rmSync(this.file, { force: true })
    makeCatalog(this.file, {
      roots: { [`${this.#world.library}/`]: folders },
      keywords: [`session ${this.#editions.length + 1}`],
    })
    this.#editions.push(fs.readFileSync(this.file))
  }

  /** Below the library, in order. */
  pictures(): string[] {
    return [...this.#world.originals.keys()].filter((file) => !file.endsWith('.xmp')).sort()
  }

  /** Whether what lies there packed is a catalog that there was. */
  isEdition(packed: Buffer): boolean {
    const bytes = gunzipSync(packed)
    return this.#editions.some((each) => each.equals(bytes))
  }
}
