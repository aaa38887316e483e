// A journal as years of work leave it, made by SQL in seconds instead of by fifty terabytes of photos: shoots of five hundred files, each file
// with its original and a verified copy at three places, two drives and a bucket.
import path from 'node:path'
import { Journal } from '../../helper/journal/journal.js'

export interface Large {
  readonly files: number
  readonly filesPerShoot?: number
  readonly nowMs: number
}

const PLACES = [
  ['drive-a', 'Drive A', 'drive', '', '["serial of Drive A"]'],
  ['drive-b', 'Drive B', 'drive', '', '["serial of Drive B"]'],
  ['bucket', 'Bucket', 'bucket', 'off-site', '["s3:example/photos"]'],
] as const

/** @param home  an empty folder; the library's root folder is named as `Pictures` beside it */
export function makeLargeJournal(home: string, { files, filesPerShoot = 500, nowMs }: Large): void {
  const journal = Journal.open(home)
  const root = path.join(path.dirname(home), 'Pictures')
  const shoots = Math.ceil(files / filesPerShoot)
  try {
    journal.transaction(() => {
      for (const [id, name, kind, location, devices] of PLACES)
        journal.run(
          'INSERT INTO places (id, name, kind, path, devices, added_ms, last_seen_ms, location) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
          [
            id,
            name,
            kind,
            kind === 'bucket' ? 's3://photos/library' : path.join(path.dirname(home), name),
            devices,
            nowMs,
            nowMs,
            location,
          ],
        )
      journal.run('INSERT INTO sources (id, label, path, devices, seen_ms) VALUES (1, ?, ?, ?, ?)', [
        'Pictures',
        root,
        '["serial of disk"]',
        nowMs,
      ])
      journal.run(
        `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
         INSERT INTO shoots (id, source_id, path_from_root, key, folded)
         SELECT i + 1, 1, printf('%d/Shoot %05d', 2000 + i % 25, i), printf('Pictures/%d/Shoot %05d', 2000 + i % 25, i), printf('pictures/%d/shoot %05d', 2000 + i % 25, i) FROM n`,
        [shoots],
      )
      journal.run(
        `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
         INSERT INTO files (id, shoot_id, name, version_id, size, mtime_ms)
         SELECT i + 1, i / ?2 + 1, printf('IMG_%07d.CR3', i), i + 1, 25000000 + i % 1000, ?3 - i * 1000 FROM n`,
        [files, filesPerShoot, nowMs],
      )
      journal.run(
        `INSERT INTO versions (id, file_id, hash, size, mtime_ms, first_seen_ms) SELECT id, id, printf('%064x', id), size, mtime_ms, ?1 FROM files`,
        [nowMs],
      )
      for (const [placeId, how] of [
        ['working', 'cached'],
        ['drive-a', 'direct'],
        ['drive-b', 'direct'],
        ['bucket', 'server checksum'],
      ] as const)
        journal.run(
          `INSERT INTO copies (version_id, place_id, state, path, size, mtime_ms, proven_ms, proven_how) SELECT version_id, ?1, 'verified', name, size, mtime_ms, ?2, ?3 FROM files`,
          [placeId, nowMs - 3_600_000, how],
        )
    })
    journal.run('ANALYZE')
  } finally {
    journal.close()
  }
}
