// Off-site against rclone, over the same Ceph gateway and the same files in one round: up, and home again with every byte compared. What is
// counted is the client's own time; the store's processor time is not in it, its share of the machine is in everybody's seconds.
import { whyNoCeph, startCeph } from '../support/s3/ceph.js'
import { makeBucket, setTestCredentials } from '../support/s3/fixture.js'
import { contest, type Result } from './contest.js'
import { drop } from './measure.js'
import { makeFiles, present, versus, type BenchOptions } from './rows.js'
import type { TableRow } from './table.js'

/** The target is a third of rclone's processor time, and no more of the clock. */
const CPU_SHARE = 0.33

export async function benchOffsite(options: BenchOptions): Promise<TableRow[]> {
  const { folder, rounds, large, say } = options
  const why = await whyNoCeph()
  if (why !== '') {
    say(`  offsite is left out: ${why}`)
    return []
  }
  setTestCredentials()
  const ceph = await startCeph()
  try {
    const bucket = await makeBucket(ceph.url)
    makeFiles(options, 'large', large.files, large.megabytes * 1_000_000)
    const settings = `env -u AWS_CA_BUNDLE RCLONE_CONFIG_B_TYPE=s3 RCLONE_CONFIG_B_PROVIDER=Ceph RCLONE_CONFIG_B_ENDPOINT=${ceph.url} RCLONE_CONFIG_B_ACCESS_KEY_ID=test RCLONE_CONFIG_B_SECRET_ACCESS_KEY=testsecret RCLONE_S3_NO_CHECK_BUCKET=true`
    const clear = `${settings} rclone delete b:${bucket} 2>/dev/null || true; rm -rf h out`
    const add = `safelight place add s3://${bucket}/p --endpoint ${ceph.url} --home h`
    const up = { ours: 'safelight backup large --home h', rclone: `${settings} rclone copy large b:${bucket}/large` }
    // Several parts a file, each of which is kept when the line breaks, as Safelight does it. By itself rclone sends up to 200 MiB in one piece.
    const inParts = `${up.rclone} --s3-upload-cutoff 16M --s3-chunk-size 16M`
    const work = `${large.files} × ${large.megabytes} MB`
    const sent = contest(
      folder,
      rounds,
      [
        { name: 'safelight', before: `${clear}; ${add}; ${drop('large')}`, parts: [up.ours] },
        ...present(say, [
          { name: 'rclone', before: `${clear}; ${drop('large')}`, parts: [up.rclone] },
          { name: 'rclone in parts', before: `${clear}; ${drop('large')}`, parts: [inParts] },
        ]),
      ],
      say,
    )
    const home = contest(
      folder,
      rounds,
      [
        {
          name: 'safelight',
          before: `${clear}; ${add}; ${up.ours}`,
          parts: ['safelight restore --all --to out --home h'],
        },
        ...present(say, [
          {
            name: 'rclone',
            before: `${clear}; ${up.rclone}`,
            parts: [
              `${settings} rclone copy b:${bucket}/large out; sync -f out`,
              'find out -type f -print0 | xargs -0 b3sum >/dev/null',
            ],
            between: drop('out'),
          },
        ]),
      ],
      say,
    )
    return [
      versus(`off-site: ${work} sent and confirmed, vs rclone copy`, 1, sent, 'rclone'),
      share(`off-site: the same, processor time against rclone's`, sent, 'rclone'),
      versus(
        `off-site: ${work} sent and confirmed, vs rclone copy in parts of 16 MiB, as ours`,
        1,
        sent,
        'rclone in parts',
      ),
      share(`off-site: the same, processor time against rclone's in parts`, sent, 'rclone in parts'),
      versus(`off-site: ${work} home, made durable and read back, vs rclone copy; sync; b3sum`, 1, home, 'rclone'),
      share(`off-site: the same, processor time against rclone's`, home, 'rclone'),
    ]
  } finally {
    await ceph.stop()
  }
}

function share(work: string, results: ReadonlyMap<string, Result>, peer: string): TableRow {
  const [ours, theirs] = [results.get('safelight'), results.get(peer)]
  const ratio = (ours?.cpuSeconds ?? Number.NaN) / (theirs?.cpuSeconds ?? Number.NaN)
  return {
    work,
    target: `≤ ${CPU_SHARE}`,
    measured: `${ratio.toFixed(2)} (${ours?.cpuSeconds.toFixed(1) ?? '?'} s, ${theirs?.cpuSeconds.toFixed(1) ?? 'not installed'} s; ${ours?.peakMb.toFixed(0) ?? '?'} MB)`,
    isMet: ratio <= CPU_SHARE,
  }
}
