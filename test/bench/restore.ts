// A restore against the backup that it undoes, in the same run: both read every byte, make it durable and read it back from the device. And the
// rebuild of a journal from a drive with 100,000 files, which reads manifests and logs and hashes nothing.
import { contest } from './contest.js'
import { drop, median } from './measure.js'
import { makeFiles, versus, type BenchOptions } from './rows.js'
import type { TableRow } from './table.js'

const SHOOT_FILES = 1000
const SHOOT_FILE_BYTES = 2_000_000
const REBUILT_FILES = 100_000
const REBUILT_FILE_BYTES = 1000
const REBUILD_SECONDS = 600

export function benchRestore(options: BenchOptions): TableRow[] {
  const { folder, rounds, say } = options
  makeFiles(options, 'shoot', SHOOT_FILES, SHOOT_FILE_BYTES)
  const results = contest(
    folder,
    rounds,
    [
      {
        name: 'safelight',
        before: `rm -rf d h out; mkdir d; safelight backup shoot --to d --home h; ${drop('d')}`,
        parts: ['safelight restore --all --to out --home h'],
      },
      {
        name: 'safelight backup',
        before: `rm -rf d h out; mkdir d; ${drop('shoot')}`,
        parts: ['safelight backup shoot --to d --home h'],
      },
    ],
    say,
  )
  const work = `restore of ${SHOOT_FILES} × ${SHOOT_FILE_BYTES / 1e6} MB from a drive, vs their backup (0.9 of its rate)`
  return [versus(work, 1.11, results, 'safelight backup'), rebuildRow(options)]
}

function rebuildRow(options: BenchOptions): TableRow {
  const { folder, say } = options
  makeFiles(options, 'tiny', REBUILT_FILES, REBUILT_FILE_BYTES)
  const results = contest(
    folder,
    1,
    [
      {
        name: 'safelight',
        before: `rm -rf d h h2; mkdir d; safelight backup tiny --to d --home h; ${drop('d')}`,
        parts: ['safelight rebuild --from d --home h2'],
      },
    ],
    say,
  )
  const seconds = median([results.get('safelight')?.seconds ?? Number.NaN])
  return {
    work: `rebuild of the journal from a drive with ${REBUILT_FILES.toLocaleString('en')} files, hashing nothing`,
    target: `≤ ${REBUILD_SECONDS} s`,
    measured: `${seconds.toFixed(0)} s`,
    isMet: seconds <= REBUILD_SECONDS,
  }
}
