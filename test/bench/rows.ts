// The rows of the table: which work, against which peers, to which target. The peers are what a careful photographer would use instead, and
// each of them is made to do what Safelight does: copy, make durable, and read every byte back from the device.
import { contest, type Contender, type Result } from './contest.js'
import { aside, CAN_DROP_ALL, drop, isInstalled } from './measure.js'
import type { TableRow } from './table.js'

export interface BenchOptions {
  readonly folder: string
  readonly rounds: number
  readonly large: { readonly files: number; readonly megabytes: number }
  readonly small: { readonly files: number; readonly kilobytes: number }
  /** For the peak of memory; each above the size up to which files travel in batches. */
  readonly many: { readonly files: number; readonly megabytes: number }
  readonly say: (text: string) => void
}

type Section = (options: BenchOptions) => TableRow[]

/** By the name that `--only` takes. */
export const SECTIONS: Readonly<Record<string, Section>> = {
  large: largeFiles,
  two: twoDestinations,
  small: smallFiles,
  again: runAgain,
  verify: verifyAgain,
  scale: tenTimesTheFiles,
  memory: manyFiles,
  start: startUp,
}

const FRESH = 'rm -rf d d2 h p p2 repo'

/** For many files, what was is moved out of the way and not deleted: a file system that has just freed twenty thousand files makes the next
 *  ones more slowly (ext4 passes over what was freed a moment ago), whoever comes next. The bench clears it after each section. */
const ASIDE =
  'mkdir -p old; for each in d d2 h p p2 repo; do if [ -e $each ]; then mv $each "old/$each-$(date +%s%N)"; fi; done'

function largeFiles(options: BenchOptions): TableRow[] {
  const { folder, rounds, large, say } = options
  makeFiles(options, 'large', large.files, large.megabytes * 1_000_000)
  const before = `${FRESH}; mkdir d p; ${drop('large')}`
  const ours: Contender = { name: 'safelight', before, parts: ['safelight backup large --to d --home h'] }
  const wasm = { ...ours, name: 'safelight, wasm hash', parts: [`SAFELIGHT_HASH=wasm ${ours.parts.join('')}`] }
  const peers = present(say, [
    {
      name: 'rsync',
      before,
      parts: ['rsync -a large/ p/; sync -f p', 'rsync -ac large/ p/'],
      between: drop('p'),
    },
    {
      name: 'b3sum',
      before,
      parts: [
        'cp -r large p/; sync -f p',
        '(cd large && find . -type f -print0 | xargs -0 b3sum) >/dev/null; (cd p/large && find . -type f -print0 | xargs -0 b3sum) >/dev/null',
      ],
      between: drop('p'),
    },
    { name: 'rclone', before, parts: ['rclone copy large p; sync -f p', 'rclone check large p'], between: drop('p') },
    {
      name: 'restic',
      before: `${before}; RESTIC_PASSWORD=bench restic init -q -r repo`,
      parts: [
        'RESTIC_PASSWORD=bench restic backup -q --compression off --no-cache -r repo large; sync -f repo',
        'RESTIC_PASSWORD=bench restic check -q --no-cache --read-data -r repo',
      ],
      between: drop('repo'),
    },
  ])
  const results = contest(folder, rounds, [ours, wasm, ...peers], say)
  const gigabytes = (large.files * large.megabytes) / 1000
  const work = `copy + verify, ${large.files} × ${large.megabytes} MB`
  return [
    versus(`${work}, vs \`rsync -a; sync; drop; rsync -ac\``, 0.6, results, 'rsync'),
    versus(`${work}, vs \`cp; sync; drop; b3sum both\``, 0.95, results, 'b3sum'),
    versus(`${work}, vs rclone copy + check`, 0.4, results, 'rclone'),
    versus(`${work}, vs restic backup + check --read-data`, 0.28, results, 'restic'),
    limit('CPU seconds per GB copied and verified', 1.6, get(results, 'safelight').cpuSeconds / gigabytes, 's'),
    limit('the same with blake3-wasm', 2.9, get(results, wasm.name).cpuSeconds / gigabytes, 's'),
  ]
}

function twoDestinations(options: BenchOptions): TableRow[] {
  const { folder, rounds, large, say } = options
  makeFiles(options, 'large', large.files, large.megabytes * 1_000_000)
  const before = `${FRESH}; mkdir d d2 p p2; ${drop('large')}`
  const sum = (at: string): string => `find ${at} -type f -print0 | xargs -0 b3sum >/dev/null`
  const peers = present(say, [
    {
      name: 'b3sum',
      before,
      parts: ['cp -r large p/; cp -r large p2/; sync -f p', `${sum('large')}; ${sum('p')}; ${sum('p2')}`],
      between: drop('p', 'p2'),
    },
  ])
  const ours: Contender = { name: 'safelight', before, parts: ['safelight backup large --to d --to d2 --home h'] }
  const results = contest(folder, rounds, [ours, ...peers], say)
  return [versus('two destinations at once, vs `cp` twice + b3sum of three', 0.7, results, 'b3sum')]
}

function smallFiles(options: BenchOptions): TableRow[] {
  const { folder, rounds, small, say } = options
  makeSmall(options)
  const before = `${ASIDE}; mkdir d p; ${drop('small')}`
  const results = contest(
    folder,
    rounds,
    [
      { name: 'safelight', before, parts: ['safelight backup small --to d --home h'] },
      ...present(say, [
        {
          name: 'rsync',
          before,
          parts: ['rsync -a small/ p/; sync -f p', 'rsync -ac small/ p/'],
          between: drop('p'),
        },
        { name: 'rsync --fsync', before, parts: ['rsync -a --fsync small/ p/'] },
      ]),
    ],
    say,
  )
  const work = `${small.files} × ${small.kilobytes} KB copied, durable, verified, recorded`
  return [
    versus(`${work}, vs \`rsync -a; sync -f; drop; rsync -ac\``, 0.75, results, 'rsync'),
    versus('the same, vs `rsync -a --fsync` alone (not verified)', 0.5, results, 'rsync --fsync'),
    limit(`peak memory, ${small.files} × ${small.kilobytes} KB`, 300, get(results, 'safelight').peakMb, 'MB'),
  ]
}

function runAgain(options: BenchOptions): TableRow[] {
  const { folder, rounds, small, say } = options
  makeSmall(options)
  aside(folder, `${ASIDE}; mkdir d p; safelight backup small --to d --home h; rsync -a small/ p/; sync -f .`)
  const row = (state: string, before: string): TableRow => {
    const results = contest(
      folder,
      rounds,
      [
        { name: 'safelight', before, parts: ['safelight backup small --to d --home h'] },
        ...present(say, [{ name: 'rsync', before, parts: ['rsync -a small/ p/'] }]),
      ],
      say,
    )
    return versus(`run again, nothing changed, ${small.files} files, ${state}, vs \`rsync -a\``, 3, results, 'rsync')
  }
  return [
    row('names in the cache', 'find small d p -size +1G'),
    CAN_DROP_ALL
      ? row('cold', 'sync; echo 3 >/proc/sys/vm/drop_caches')
      : { work: 'run again, cold', target: '≤ 3 ×', measured: 'not measured: only root can drop names from the cache' },
  ]
}

function verifyAgain(options: BenchOptions): TableRow[] {
  const { folder, rounds, large, say } = options
  makeFiles(options, 'large', large.files, large.megabytes * 1_000_000)
  aside(folder, `${FRESH}; mkdir d; safelight backup large --to d --home h`)
  const before = drop('d')
  const results = contest(
    folder,
    rounds,
    [
      { name: 'safelight', before, parts: ['safelight verify --home h'] },
      ...present(say, [
        { name: 'b3sum', before, parts: ['(cd d/Safelight/Photos/large/0000 && b3sum --check --quiet safelight.b3)'] },
      ]),
    ],
    say,
  )
  return [versus(`verify ${large.files} × ${large.megabytes} MB, vs b3sum --check, cold`, 1.05, results, 'b3sum')]
}

function tenTimesTheFiles(options: BenchOptions): TableRow[] {
  const { folder, rounds, small, say } = options
  makeSmall(options)
  const tenth = Math.round(small.files / 10)
  makeFiles(options, 'tenth', tenth, small.kilobytes * 1000)
  const backup = (name: string): Contender => ({
    name,
    before: `${ASIDE}; mkdir d; ${drop(name)}`,
    parts: [`safelight backup ${name} --to d --home h`],
  })
  const { ratio, lowest, highest } = get(contest(folder, rounds, [backup('small'), backup('tenth')], say), 'tenth')
  return [
    {
      work: `${small.files} files against ${tenth}`,
      target: '≤ 11 ×',
      measured: `${ratio.toFixed(1)} × (${lowest.toFixed(1)}–${highest.toFixed(1)})`,
      isMet: ratio <= 11,
    },
  ]
}

function manyFiles(options: BenchOptions): TableRow[] {
  const { folder, many, say } = options
  makeFiles(options, 'many', many.files, many.megabytes * 1_000_000)
  const before = `${FRESH}; mkdir d; ${drop('many')}`
  const ours: Contender = { name: 'safelight', before, parts: ['safelight backup many --to d --home h'] }
  const { peakMb } = get(contest(folder, 1, [ours], say), 'safelight')
  aside(folder, `${FRESH}; rm -rf many`)
  return [limit(`peak memory, ${many.files} × ${many.megabytes} MB`, 300, peakMb, 'MB')]
}

function startUp(options: BenchOptions): TableRow[] {
  const { folder, rounds, say } = options
  aside(folder, FRESH)
  const start = (name: string, command: string): Contender => ({ name, before: ':', parts: [command] })
  const results = contest(
    folder,
    rounds * 2,
    [
      start('node', '"$BENCH_NODE" -e 0'),
      start('version', 'safelight --version'),
      start('status', 'safelight status --home h || true'),
    ],
    say,
  )
  const row = (work: string, name: string): TableRow => ({
    work,
    target: '',
    measured: `${(get(results, name).seconds * 1000).toFixed(0)} ms (\`node -e 0\`: ${(get(results, 'node').seconds * 1000).toFixed(0)} ms)`,
  })
  return [row('`safelight --version`', 'version'), row('`safelight status`, no helper running', 'status')]
}

// ── making and naming ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

const FILES_PER_FOLDER = 500

function makeSmall(options: BenchOptions): void {
  makeFiles(options, 'small', options.small.files, options.small.kilobytes * 1000)
}

/** Files of random bytes, 500 to a folder; kept for the sections that follow. */
export function makeFiles({ folder, say }: BenchOptions, name: string, files: number, bytes: number): void {
  say(`${name}: ${files} files of ${bytes} bytes`)
  const program = `const [name, files, bytes] = process.argv.slice(1); const { mkdirSync, writeFileSync, existsSync } = require('node:fs'); const { randomBytes } = require('node:crypto'); if (!existsSync(name)) for (let n = 0; n < files; n++) { const at = name + '/' + String(Math.floor(n / ${FILES_PER_FOLDER})).padStart(4, '0'); mkdirSync(at, { recursive: true }); writeFileSync(at + '/IMG_' + n + '.CR3', randomBytes(Number(bytes))) }`
  aside(folder, `"$BENCH_NODE" -e "${program}" ${name} ${files} ${bytes}`)
}

/** The peers that this machine has; each of the others is named. */
export function present(say: (text: string) => void, peers: readonly Contender[]): Contender[] {
  return peers.filter(({ name }) => {
    const [program = name] = name.split(' ')
    const isHere = isInstalled(program)
    if (!isHere) say(`  NOT MEASURED: ${program} is not installed`)
    return isHere
  })
}

function get(results: ReadonlyMap<string, Result>, name: string): Result {
  const result = results.get(name)
  if (!result) throw new Error(`nothing was measured for ${name}`)
  return result
}

export function versus(work: string, target: number, results: ReadonlyMap<string, Result>, peer: string): TableRow {
  const result = results.get(peer)
  if (!result) return { work, target: `≤ ${target} ×`, measured: `not measured: ${peer} is not installed` }
  const { ratio, lowest, highest, seconds } = result
  const ours = get(results, 'safelight').seconds
  return {
    work,
    target: `≤ ${target} ×`,
    measured: `${ratio.toFixed(2)} × (${lowest.toFixed(2)}–${highest.toFixed(2)}; ${ours.toFixed(1)} s, ${seconds.toFixed(1)} s)`,
    isMet: ratio <= target,
  }
}

function limit(work: string, target: number, measured: number, unit: string): TableRow {
  return {
    work,
    target: `≤ ${target} ${unit}`,
    measured: `${measured.toFixed(unit === 'MB' ? 0 : 2)} ${unit}`,
    isMet: measured <= target,
  }
}
