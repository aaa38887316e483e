// The numbers of the catalog room, on a synthetic catalog of the LrC 12 schema and a tree of its files: the listing against the sqlite3
// command line, the check against `find -printf`, the longest time another request would have waited, the peak of memory. Run it with
// `node dist/test/bench/catalog.js [files]`; it prints one line per number, with the ratio to its yardstick.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { execaSync } from 'execa'
import { checkCatalog } from '../../helper/catalog/check.js'
import { inspectCopy } from '../../helper/catalog/inspect.js'
import { createPrivateFolder, removePrivateFolder } from '../../helper/catalog/private-copy.js'
import { listReferencedFiles, readCatalogOutline } from '../../helper/catalog/reader.js'
import { postponeOptimizing } from '../../helper/tier-up.js'
import { largePhoto, makeLargeCatalog } from '../support/catalog.js'
import { ServedHelper } from '../support/served-helper.js'

export interface Measured {
  readonly name: string
  readonly value: string
  readonly ratio?: number
  readonly limit: string
}

const LISTING = `SELECT r.absolutePath || d.pathFromRoot || f.idx_filename, f.id_local, f.baseName, f.sidecarExtensions, f.importHash,
    (SELECT i.fileFormat FROM Adobe_images i WHERE i.rootFile = f.id_local ORDER BY i.masterImage IS NOT NULL LIMIT 1)
  FROM AgLibraryFile f JOIN AgLibraryFolder d ON d.id_local = f.folder JOIN AgLibraryRootFolder r ON r.id_local = d.rootFolder
  ORDER BY f.id_local`

/** The best of several runs: what the code costs, less what else the machine did. */
const RUNS = 3

export async function benchCatalog(files: number): Promise<Measured[]> {
  // As the program does before anything else.
  postponeOptimizing()
  const folder = mkdtempSync(path.join(tmpdir(), 'safelight-bench-'))
  const photos = `${folder}/Photos/`
  const catalog = path.join(folder, 'large.lrcat')
  try {
    // In a process of its own, whose memory does not count.
    execaSync(process.execPath, [import.meta.filename, '--make', String(files), photos, catalog], { stdio: 'inherit' })
    const copy = await createPrivateFolder(path.join(folder, 'private'))
    copyFileSync(catalog, copy.file)
    const outline = await readCatalogOutline(copy)
    const list = async () => {
      let count = 0
      for await (const slice of listReferencedFiles(copy, outline)) count += slice.length
      if (count !== files) throw new Error(`${count} of ${files} listed`)
    }
    const check = async () => {
      const deps = { lookUp: () => Promise.resolve([]), now: () => performance.now() }
      const result = await checkCatalog(deps, copy, { catalog, withPlaces: false })
      if (result.files !== files || result.findings.length > 0) throw new Error('the check found what is not there')
    }
    const inspect = async () => {
      const { quickCheck } = await inspectCopy(copy, { isThorough: false })
      if (quickCheck?.length !== 0) throw new Error('the catalog is not sound')
    }
    const [listed, cli] = await bestOfBoth(list, () => commandLine(catalog))
    const [checked, find] = await bestOfBoth(check, () => findTree(photos))
    const [inspected] = await bestOfBoth(inspect, () => false)
    const peakMb = process.resourceUsage().maxRSS / 1024
    await removePrivateFolder(copy)
    const { answers, longestMs } = await answersBesideACheck(folder, catalog)
    return [
      { name: `listing ${files} files with sidecars`, value: ms(listed), ...ratio(listed, cli), limit: '3 × sqlite3' },
      {
        name: `check of ${files} unchanged files`,
        value: ms(checked),
        ...ratio(checked, find),
        limit: '2 × find -printf',
      },
      {
        name: `quick_check, tables and counts of ${Math.round(statSync(catalog).size / 1e6)} MB`,
        value: ms(inspected),
        limit: '',
      },
      { name: `longest of ${answers} answers beside a check`, value: ms(longestMs), limit: '100 ms' },
      { name: 'peak memory', value: `${Math.round(peakMb)} MB`, limit: '300 MB' },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The real helper checks the catalog while somebody asks it something small two hundred times a second. */
async function answersBesideACheck(folder: string, catalog: string): Promise<{ answers: number; longestMs: number }> {
  const home = path.join(folder, 'home')
  mkdirSync(home, { mode: 0o700 })
  const helper = await ServedHelper.start(home)
  try {
    return await helper.pulsed(TICK_MS, () => helper.client.call('catalog/check', { catalog }))
  } finally {
    await helper.stop()
  }
}

const TICK_MS = 5

/** Ours and the yardstick by turns, so that both meet the same load of the machine.
 *  @returns milliseconds; NaN for a yardstick that this machine does not have */
async function bestOfBoth(ours: () => Promise<void>, yardstick: () => boolean): Promise<[number, number]> {
  let [best, bestYardstick] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let run = 0; run < RUNS; run += 1) {
    const startedMs = performance.now()
    await ours()
    best = Math.min(best, performance.now() - startedMs)
    const yardstickMs = performance.now()
    bestYardstick = Math.min(bestYardstick, yardstick() ? performance.now() - yardstickMs : Number.NaN)
  }
  return [best, bestYardstick]
}

function makeTree(photos: string, files: number): void {
  let made = ''
  for (let index = 0; index < files; index += 1) {
    const { folder, name } = largePhoto(index)
    if (folder !== made) mkdirSync(photos + folder, { recursive: true })
    made = folder
    const base = `${photos}${folder}${name.replace('.CR3', '')}`
    writeFileSync(`${base}.CR3`, '')
    writeFileSync(`${base}.xmp`, '')
    if (index % 10 === 0) writeFileSync(`${base}.JPG`, '')
  }
}

function commandLine(catalog: string): boolean {
  return !execaSync('sqlite3', [catalog, LISTING], { reject: false, stdout: 'ignore' }).failed
}

function findTree(photos: string): boolean {
  return !execaSync('find', [photos, '-printf', '%p %s %T@\\n'], { reject: false, stdout: 'ignore' }).failed
}

function ratio(value: number, yardstick: number): { ratio?: number } {
  return Number.isNaN(yardstick) ? {} : { ratio: value / yardstick }
}

function ms(value: number): string {
  return `${Math.round(value)} ms`
}

function make(files: number, photos: string, catalog: string): void {
  makeTree(photos, files)
  makeLargeCatalog(catalog, { files, root: photos, importedBytes: 0 })
}

if (process.argv[1] === import.meta.filename) {
  const [first = '200000', files = '', photos = '', catalog = ''] = process.argv.slice(2)
  if (first === '--make') make(Number(files), photos, catalog)
  else
    for (const { name, value, ratio: times, limit } of await benchCatalog(Number(first)))
      console.log(
        `${name}: ${value}${times === undefined ? '' : `, ${times.toFixed(2)} ×`}${limit === '' ? '' : ` (limit ${limit})`}`,
      )
}
