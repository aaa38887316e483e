// The groups that verdicts are made of, against a count that looks at every file: whatever is written to the journal, by whichever statement,
// the two agree.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { groupsByShoot, listSummaries, type FileGroup } from '../../helper/journal/health-groups.js'
import { Journal } from '../../helper/journal/journal.js'
import { number, optionalNumber, optionalText, text } from '../../helper/journal/rows.js'
import { scratch } from '../support/tree.js'

const HOUR = 3_600_000

type Step = readonly [string, readonly (string | number | null)[]]

const id = fc.integer({ min: 1, max: 8 })
const place = fc.constantFrom('working', 'desk', 'cloud')
const name = fc.constantFrom('a', 'b', 'Versions/x/a')
const aStep: fc.Arbitrary<Step> = fc.oneof(
  fc
    .tuple(id, fc.integer({ min: 1, max: 2 }), fc.constantFrom('a', 'b'))
    .map(([file, shoot, its]): Step => [
      'INSERT INTO files (id, shoot_id, name, version_id, size, mtime_ms) VALUES (?1, ?2, ?3 || ?1, ?1, 10, 5) ON CONFLICT (id) DO UPDATE SET size = size + 1, gone_ms = NULL',
      [file, shoot, its],
    ]),
  fc
    .tuple(id, id)
    .map(([version, file]): Step => [
      "INSERT OR IGNORE INTO versions (id, file_id, hash, size, mtime_ms, first_seen_ms) SELECT ?1, ?2, 'h' || ?1, 10, 5, 7 WHERE EXISTS (SELECT 1 FROM files WHERE id = ?2)",
      [version, file],
    ]),
  fc.tuple(id, id).map(([file, version]): Step => ['UPDATE files SET version_id = ? WHERE id = ?', [version, file]]),
  fc
    .tuple(
      id,
      place,
      name,
      fc.constantFrom('verified', 'written', 'damaged'),
      fc.option(fc.integer({ min: 0, max: 5 * HOUR })),
    )
    .map(([version, at, path, state, proven]): Step => [
      "INSERT OR REPLACE INTO copies (version_id, place_id, path, state, size, mtime_ms, proven_ms, proven_how) SELECT ?1, ?2, CASE WHEN ?3 LIKE 'V%' THEN ?3 ELSE ?3 || ?1 END, ?4, 10, 5, ?5, CASE WHEN ?5 IS NULL THEN NULL ELSE 'server checksum' END WHERE EXISTS (SELECT 1 FROM versions WHERE id = ?1)",
      [version, at, path, state, proven],
    ]),
  fc
    .tuple(id, place)
    .map(([version, at]): Step => [
      "UPDATE copies SET state = 'missing' WHERE version_id = ? AND place_id = ?",
      [version, at],
    ]),
  place.map((at): Step => ['DELETE FROM copies WHERE place_id = ?', [at]]),
  fc
    .tuple(id, fc.option(fc.constant(9)), fc.option(fc.constant(8)), fc.option(fc.constant(7)))
    .map(([file, gone, gonesOn, moved]): Step => [
      'UPDATE files SET gone_ms = ?, let_go_ms = ?, moved_ms = ? WHERE id = ?',
      [gone, gonesOn, moved, file],
    ]),
  fc
    .tuple(id, fc.integer({ min: 0, max: 3 * HOUR }))
    .map(([version, until]): Step => [
      "INSERT INTO objects (place_id, key, size, blake3, confirmed_ms, locked_until_ms, receipt, copy_version, copy_path) SELECT 'cloud', 'k' || ?1, 1, '', 1, ?2, '{}', ?1, 'a' || ?1 ON CONFLICT (place_id, key) DO UPDATE SET locked_until_ms = excluded.locked_until_ms",
      [version, until],
    ]),
)

const NOT_MISSED = '((let_go_ms IS NOT NULL OR moved_ms IS NOT NULL) AND gone_ms IS NOT NULL)'

describe('the groups of files that verdicts are made of', () => {
  it('agree with a look at every file, whatever is written and in whatever order', () => {
    const here = scratch()
    here.folder('home')
    const journal = Journal.open(here.home)
    journal.run("INSERT INTO sources (id, label, path, seen_ms) VALUES (1, 's', '/s', 0)")
    for (const shoot of [1, 2])
      journal.run(
        "INSERT INTO shoots (id, source_id, path_from_root, key, folded) VALUES (?1, 1, ?1, 's/' || ?1, ?1)",
        [shoot],
      )
    try {
      fc.assert(
        fc.property(fc.array(fc.array(aStep, { minLength: 1, maxLength: 8 }), { maxLength: 4 }), (rounds) => {
          for (const table of ['objects', 'copies', 'versions', 'files']) journal.run(`DELETE FROM ${table}`)
          for (const steps of rounds) {
            journal.transaction(() => {
              for (const [sql, values] of steps) journal.run(sql, values)
            })
            assert.deepEqual(shown(groupsByShoot(journal)), shown(oneByOne(journal)))
            assert.deepEqual(
              listSummaries(journal).map((each) => [each.id, each.files, each.letGo]),
              journal
                .all(
                  `SELECT shoot_id, sum(NOT ${NOT_MISSED}) AS n, sum(${NOT_MISSED}) AS gone FROM files GROUP BY shoot_id ORDER BY shoot_id`,
                )
                .map((row) => [number(row, 'shoot_id'), number(row, 'n'), number(row, 'gone')]),
            )
          }
        }),
        { numRuns: Number(process.env['SAFELIGHT_GROUP_RUNS'] ?? 150) },
      )
    } finally {
      journal.close()
      here.remove()
    }
  })
})

function oneByOne(journal: Journal): Map<number, FileGroup[]> {
  const groups = new Map<number, FileGroup[]>()
  for (const file of journal.all(`SELECT * FROM files WHERE NOT ${NOT_MISSED}`)) {
    const copies = journal
      .all('SELECT * FROM copies WHERE version_id = ? AND path = ?', [
        optionalNumber(file, 'version_id') ?? 0,
        text(file, 'name'),
      ])
      .map((row) => {
        const proven = optionalNumber(row, 'proven_ms')
        const lock = journal.get(
          'SELECT locked_until_ms FROM objects WHERE place_id = ? AND copy_version = ? AND copy_path = ?',
          [text(row, 'place_id'), number(row, 'version_id'), text(row, 'path')],
        )
        const until = lock && optionalNumber(lock, 'locked_until_ms')
        return {
          placeId: text(row, 'place_id'),
          state: text(row, 'state') as 'verified',
          ...(proven === undefined
            ? {}
            : { provenMs: Math.floor(proven / HOUR) * HOUR, how: optionalText(row, 'proven_how') as 'direct' }),
          ...(until === undefined ? {} : { lockedUntilMs: Math.floor(until / HOUR) * HOUR }),
        }
      })
    const its = groups.get(number(file, 'shoot_id')) ?? []
    groups.set(number(file, 'shoot_id'), its)
    its.push({ files: 1, bytes: number(file, 'size'), copies })
  }
  return groups
}

/** By shoot: each group's copies, and how many files and bytes have them. */
function shown(groups: ReadonlyMap<number, readonly FileGroup[]>): unknown {
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([shoot, its]) => {
      const sums = new Map<string, readonly [number, number]>()
      for (const { files, bytes, copies } of its) {
        const key = JSON.stringify(
          [...copies]
            .sort((a, b) => (a.placeId < b.placeId ? -1 : 1))
            .map(({ placeId, state, provenMs, how, lockedUntilMs }) => [placeId, state, provenMs, how, lockedUntilMs]),
        )
        const [n, size] = sums.get(key) ?? [0, 0]
        sums.set(key, [n + files, size + bytes])
      }
      return [shoot, [...sums].sort(([a], [b]) => (a < b ? -1 : 1))]
    })
}
