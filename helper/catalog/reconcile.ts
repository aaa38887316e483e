// The catalog against the journal: what it names and what is proven. Pure, one folder at a time. What it names and nobody has copied is
// wanted, so that an import which every event missed is protected all the same; what is proven at a place counts towards the complete set
// of this catalog backup and its originals there. Files that the catalog no longer names are not looked at: their copies stay.
import type { ReferencedFolder } from './references.js'

export interface ProvenAt {
  /** Places with a verified copy of the newest content. */
  readonly places: ReadonlySet<string>
}

export interface FolderComparison {
  /** Names without a verified copy anywhere but where they lie. */
  readonly wanted: readonly string[]
  /** By place: how many of the originals, and of their sidecars that are known, have no verified copy there. */
  readonly unproven: ReadonlyMap<string, number>
}

/** @param known   what the journal has of this folder, by name
 *  @param places  the places that are asked about */
export function compareFolder(
  { names, sidecars }: Pick<ReferencedFolder, 'names' | 'sidecars'>,
  known: ReadonlyMap<string, ProvenAt>,
  places: readonly string[],
): FolderComparison {
  // A sidecar that Lightroom lists may never have been written, so only those that were met count.
  const counted = [...names, ...sidecars.filter((name) => known.has(name))]
  const unproven = places.map((place): [string, number] => [
    place,
    counted.filter((name) => known.get(name)?.places.has(place) !== true).length,
  ])
  return {
    wanted: counted.filter((name) => (known.get(name)?.places.size ?? 0) === 0),
    unproven: new Map(unproven),
  }
}
