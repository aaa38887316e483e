// The verdict on a card against `b3sum` over the same files: both read every byte from the device, ours then looks each of them up. Once from
// the disk as it is, and once from one as fast as a card in a good reader, which is what a card is read from.
import { contest } from './contest.js'
import { aside, drop } from './measure.js'
import { makeFiles, present, versus, type BenchOptions } from './rows.js'
import type { TableRow } from './table.js'

/** An SD card of the UHS-II kind reads about as much in a second. */
const READER_MEGABYTES = 300

export function benchCard(options: BenchOptions): TableRow[] {
  const { large, say } = options
  makeFiles(options, 'large', large.files, large.megabytes * 1_000_000)
  const work = `card verdict, ${large.files} × ${large.megabytes} MB`
  const rows = [judge(options, `${work}, vs b3sum of the same files (0.9 of its rate)`, '')]
  const slowly = slowedDown(options)
  if (slowly === undefined)
    say('  the row at the speed of a card was left out: only root, with control groups for the disk, can slow one down')
  else rows.push(judge(options, `${work}, from a disk of ${READER_MEGABYTES} MB/s, vs b3sum`, slowly))
  return rows
}

function judge({ folder, rounds, say }: BenchOptions, work: string, first: string): TableRow {
  const before = drop('large')
  const ours = {
    name: 'safelight',
    before: `rm -rf d h; mkdir d; safelight backup large --to d --home h; ${before}`,
    // One drive is not enough to be safe, which is what its exit code says; the work is the same.
    parts: [`${first}safelight card large --policy local-only --home h || test $? -eq 10`],
  }
  const peers = present(say, [
    { name: 'b3sum', before, parts: [`${first}find large -type f -print0 | xargs -0 b3sum >/dev/null`] },
  ])
  return versus(work, 1.11, contest(folder, rounds, [ours, ...peers], say), 'b3sum')
}

/** @returns shell words after which whatever the same shell starts reads no faster; undefined where that cannot be had */
function slowedDown({ folder }: BenchOptions): string | undefined {
  const group = '/sys/fs/cgroup/blkio/safelight-bench'
  const rate = READER_MEGABYTES * 1024 * 1024
  try {
    aside(
      folder,
      `mkdir -p ${group}
       source=$(findmnt -n -o SOURCE -T .)
       disk=$(lsblk -n -d -o PKNAME "$source"); disk=\${disk:-$(basename "$source")}
       echo "$(lsblk -n -d -o MAJ:MIN "/dev/$disk" | tr -d ' ') ${rate}" > ${group}/blkio.throttle.read_bps_device`,
    )
    return `echo $BASHPID > ${group}/cgroup.procs; `
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}
