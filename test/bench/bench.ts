// `npm run bench`: Safelight against its peers, one markdown table on stdout, everything else on stderr. Method and caveats: README.md in
// this folder.
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { benchCard } from './card.js'
import { benchCatalog } from './catalog.js'
import { benchLightroom } from './lightroom.js'
import { benchOffsite } from './offsite.js'
import { benchRestore } from './restore.js'
import { benchJournal } from './scale.js'
import { SECTIONS, type BenchOptions } from './rows.js'
import { describeMachine, printTable, type TableRow } from './table.js'

const HELP = `npm run bench -- [--only ${Object.keys(SECTIONS).join(',')},card,restore,catalog,journal,lightroom,offsite] [--quick] [--rounds 5] [--large 40x50] [--small 20000x20] [--many 2000x2] [--journal 1000000] [--in FOLDER]`

/** A tenth of the bytes and files, for a look; the README's table comes from the full size. */
const FULL = { rounds: '5', large: '40x50', small: '20000x20', many: '2000x2' }
const QUICK = { rounds: '3', large: '12x50', small: '2000x20', many: '200x2' }

const { values: given } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: Object.keys(SECTIONS).join(',') },
    rounds: { type: 'string' },
    large: { type: 'string' },
    small: { type: 'string' },
    many: { type: 'string' },
    journal: { type: 'string', default: '1000000' },
    in: { type: 'string', default: tmpdir() },
    help: { type: 'boolean', default: false },
  },
})
const values = { ...(given.quick ? QUICK : FULL), ...given }

if (values.help) process.stdout.write(`${HELP}\n`)
else await bench()

async function bench(): Promise<void> {
  const folder = mkdtempSync(path.join(realpathSync(values.in), 'safelight-bench-'))
  const [largeFiles, megabytes] = pair(values.large)
  const [smallFiles, kilobytes] = pair(values.small)
  const [manyFiles, manyMegabytes] = pair(values.many)
  const options: BenchOptions = {
    folder,
    rounds: Number(values.rounds),
    large: { files: largeFiles, megabytes },
    small: { files: smallFiles, kilobytes },
    many: { files: manyFiles, megabytes: manyMegabytes },
    say,
  }
  const machine = describeMachine(folder)
  const rows: TableRow[] = []
  try {
    for (const name of values.only.split(',')) {
      say(`${name} (load ${loadavg()[0]?.toFixed(1) ?? '?'})`)
      if (name === 'journal') rows.push(...(await benchJournal(folder, Number(values.journal), options.rounds)))
      else if (name === 'offsite') rows.push(...(await benchOffsite(options)))
      else if (name === 'lightroom') rows.push(...(await benchLightroom()))
      else if (name === 'catalog') rows.push(...(await catalogRows()))
      else rows.push(...sectionNamed(name)(options))
      rmSync(path.join(folder, 'old'), { recursive: true, force: true })
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
    process.stdout.write(
      `${machine}, and when it ended: ${loadavg()[0]?.toFixed(1) ?? '?'}. Medians of ${options.rounds} rounds by turns (lowest–highest; Safelight, peer).\n\n${printTable(rows)}\n`,
    )
  }
}

function sectionNamed(name: string): (options: BenchOptions) => TableRow[] {
  const section = { ...SECTIONS, card: benchCard, restore: benchRestore }[name]
  if (!section) throw new Error(`There is no section ${name}. ${HELP}`)
  return section
}

async function catalogRows(): Promise<TableRow[]> {
  const measured = await benchCatalog(100_000)
  return measured.map(({ name, value, ratio, limit }) => ({
    work: `catalog: ${name}`,
    target: limit === '' ? '' : `≤ ${limit}`,
    measured: ratio === undefined ? value : `${value}, ${ratio.toFixed(1)} ×`,
  }))
}

/** `40x50` → 40 and 50 */
function pair(text: string): [number, number] {
  const [count, size] = text.split('x').map(Number)
  if (!count || !size) throw new Error(`"${text}" should be COUNTxSIZE. ${HELP}`)
  return [count, size]
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}
