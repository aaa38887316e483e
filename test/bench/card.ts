// The verdict on a card against `b3sum` over the same files: both read every byte from the device, ours then looks each of them up.
import { contest } from './contest.js'
import { drop } from './measure.js'
import { makeFiles, present, versus, type BenchOptions } from './rows.js'
import type { TableRow } from './table.js'

export function benchCard(options: BenchOptions): TableRow[] {
  const { folder, rounds, large, say } = options
  makeFiles(options, 'large', large.files, large.megabytes * 1_000_000)
  const before = drop('large')
  const ours = {
    name: 'safelight',
    before: `rm -rf d h; mkdir d; safelight backup large --to d --home h; ${before}`,
    // One drive is not enough to be safe, which is what its exit code says; the work is the same.
    parts: ['safelight card large --policy local-only --home h || test $? -eq 10'],
  }
  const peers = present(say, [
    { name: 'b3sum', before, parts: ['find large -type f -print0 | xargs -0 b3sum >/dev/null'] },
  ])
  const results = contest(folder, rounds, [ours, ...peers], say)
  return [
    versus(
      `card verdict, ${large.files} × ${large.megabytes} MB, vs b3sum of the same files (0.9 of its rate)`,
      1.11,
      results,
      'b3sum',
    ),
  ]
}
