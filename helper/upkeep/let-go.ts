// What a catalog is witness of: of the originals that are gone, those that it does not name any more were removed on purpose, and those that it
// still names are missed. Only a catalog backup that is good is believed, and none while a hold stands after a mass loss.
import path from 'node:path'
import type { ReferencedFolder } from '../catalog/references.js'
import type { Journal } from '../journal/journal.js'
import { standingHold } from '../journal/rehearsals.js'
import { letGo, listGone, miss, type GoneFile } from '../journal/retained.js'

export class LetGoWitness {
  readonly #gone: readonly GoneFile[]
  readonly #missed = new Set<number>()

  constructor(private readonly journal: Journal) {
    this.#gone = listGone(journal)
  }

  /** A folder with the names that the catalog has in it. A file that shares its stem with a named photo belongs to it. */
  sees({ root, folder, names }: ReferencedFolder): void {
    if (this.#gone.length === 0) return
    const at = fold(path.resolve(`${root}${folder}`))
    const inIt = this.#gone.filter((file) => fold(path.resolve(file.folder)) === at)
    if (inIt.length === 0) return
    const stems = new Set(names.map(stemOf))
    for (const file of inIt) if (stems.has(stemOf(file.name))) this.#missed.add(file.id)
  }

  /** @param roots  of the catalog, absolute: it is no witness of what lies elsewhere */
  conclude(isGood: boolean, roots: readonly string[], nowMs: number): void {
    if (!isGood || this.#gone.length === 0) return
    const missed = this.#gone.filter(({ id }) => this.#missed.has(id)).map(({ id }) => id)
    const isHeld = standingHold(this.journal) !== undefined
    const unnamed = isHeld
      ? []
      : this.#gone.filter(({ id, folder }) => !this.#missed.has(id) && isBelow(folder, roots)).map(({ id }) => id)
    this.journal.transaction(() => {
      miss(this.journal, missed)
      letGo(this.journal, unnamed, nowMs)
    })
  }
}

function isBelow(folder: string, roots: readonly string[]): boolean {
  return roots.some((root) => {
    const relative = path.relative(fold(path.resolve(root)), fold(path.resolve(folder)))
    return !relative.startsWith('..') && !path.isAbsolute(relative)
  })
}

function stemOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return fold(dot <= 0 ? name : name.slice(0, dot))
}

function fold(text: string): string {
  return text.normalize('NFC').toLowerCase()
}
