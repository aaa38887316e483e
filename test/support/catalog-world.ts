// A photographer's disk in a fresh temporary folder: originals, a catalog that references them, a place to back up to. Times are given, not
// waited for, and no Lightroom runs unless a test says so.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { systemFiles } from '../../helper/files/durable.js'
import { chooseHashEngine } from '../../helper/files/hash.js'
import type { SnapshotDeps } from '../../helper/catalog/snapshot.js'
import type { StoreDeps } from '../../helper/catalog/stored-file.js'
import { makeCatalog, type LiteralCatalog, type LiteralPhoto } from './catalog.js'

export interface World {
  readonly folder: string
  /** Root folder of the originals, ending in a slash. */
  readonly photos: string
  /** The live catalog; made by `makeLibrary`. */
  readonly catalog: string
  readonly privateParent: string
  /** The `Safelight` folder of a drive. */
  readonly root: string
}

export type WorldDeps = SnapshotDeps &
  StoreDeps & { setNow(ms: number): void; setLightroom(pids: readonly number[] | 'unknown'): void }

export const A_MOMENT_MS = Date.UTC(2024, 5, 1, 12)

/** Runs `use` in a world of its own and removes it afterwards. */
export async function inWorld(use: (world: World, deps: WorldDeps) => Promise<void> | void): Promise<void> {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'safelight-catalog-')))
  const world: World = {
    folder,
    photos: `${folder}/Photos/`,
    catalog: path.join(folder, 'Lightroom', 'Wedding.lrcat'),
    privateParent: path.join(folder, 'home', 'private'),
    root: path.join(folder, 'drive', 'Safelight'),
  }
  for (const each of [world.photos, path.dirname(world.catalog), world.root]) mkdirSync(each, { recursive: true })
  try {
    await use(world, worldDeps())
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Writes the originals with their listed sidecars, and the catalog that references them.
 *  @param shoots  folder from the root (ending in `/`) → photos */
export function makeLibrary(
  world: World,
  shoots: Readonly<Record<string, readonly LiteralPhoto[]>>,
  more: Partial<LiteralCatalog> = {},
): void {
  for (const [folder, photos] of Object.entries(shoots))
    for (const photo of photos) {
      const base = photo.name.replace(/\.[^.]*$/, '')
      const sidecars = (photo.sidecars ?? '').split(',').filter(Boolean)
      for (const name of [photo.name, ...sidecars.map((extension) => `${base}.${extension}`)])
        writeOriginal(path.join(world.photos, folder, name), `bytes of ${folder}${name}`)
    }
  makeCatalog(world.catalog, { roots: { [world.photos]: shoots }, ...more })
}

export function writeOriginal(file: string, content: string, mtimeMs = A_MOMENT_MS): void {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, content)
  utimesSync(file, mtimeMs / 1000, mtimeMs / 1000)
}

/** Every file below a folder with its bytes, to compare before and after. */
export function contentsOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    files
      .map((entry) => path.join(entry.parentPath, entry.name))
      .sort()
      .map((file) => [path.relative(folder, file), readFileSync(file).toString('base64')]),
  )
}

function worldDeps(): WorldDeps {
  let nowMs = A_MOMENT_MS
  let lightroom: readonly number[] | 'unknown' = []
  return {
    hash: chooseHashEngine(),
    files: systemFiles,
    findLightroom: () => Promise.resolve(lightroom),
    now: () => nowMs,
    wait: () => Promise.resolve(),
    setNow: (ms) => (nowMs = ms),
    setLightroom: (pids) => (lightroom = pids),
  }
}
