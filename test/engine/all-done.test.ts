import assert from 'node:assert/strict'
import fs from 'node:fs'
import { areAllDone, planShoot } from '../../helper/engine/plan.js'
import {
  addFile,
  addVersion,
  filesOfShoot,
  goodFilesAt,
  saveCopy,
  setNewestVersion,
} from '../../helper/journal/files.js'
import { Journal } from '../../helper/journal/journal.js'
import { addSource, ensureShoot } from '../../helper/journal/shoots.js'
import { WORKING, type CopyState, type FileStat } from '../../helper/model.js'
import { freshFolder } from '../support/shoots.js'

const STAT: FileStat = { sizeBytes: 10, mtimeMs: 1000.25, ctimeMs: 2000.5, inode: 1, device: 1 }
const STATES: readonly (CopyState | undefined)[] = [undefined, 'planned', 'written', 'verified', 'damaged', 'missing']

/** What can be different about a file that needs something. */
const CASES = STATES.flatMap((atDrive) =>
  STATES.flatMap((atWorking) =>
    [false, true].flatMap((isGone) =>
      [2000.5, undefined].flatMap((ctimeMs) =>
        ['IMG_1.CR3', 'Versions/20260101T000000000Z/IMG_1.CR3'].flatMap((at) => ({
          atDrive,
          atWorking,
          isGone,
          ctimeMs,
          at,
        })),
      ),
    ),
  ),
)
const SCANNED: readonly FileStat[] = [
  STAT,
  { ...STAT, sizeBytes: 11 },
  { ...STAT, mtimeMs: 1000.5 },
  { ...STAT, ctimeMs: 2001 },
]
const FOUND: readonly (FileStat | undefined)[] = [
  undefined,
  STAT,
  { ...STAT, ctimeMs: 9 },
  { ...STAT, sizeBytes: 9 },
  { ...STAT, mtimeMs: 1 },
]

describe('the quick look at a shoot', () => {
  let home: string
  beforeEach(() => (home = freshFolder({ inMemory: true })))
  afterEach(() => fs.rmSync(home, { recursive: true }))

  it('says that nothing is to be done exactly when a plan for each file says so', () => {
    const journal = Journal.open(home)
    const source = addSource(journal, { label: 'Shoot', path: '/card', devices: [] }, 1)
    let done = 0
    journal.transaction(() => {
      CASES.forEach(({ atDrive, atWorking, isGone, ctimeMs, at }, index) => {
        const shoot = ensureShoot(journal, source, `folder ${index}`)
        const fileId = addFile(journal, shoot.id, 'IMG_1.CR3', {
          sizeBytes: 10,
          mtimeMs: 1000.25,
          ...(ctimeMs === undefined ? {} : { ctimeMs }),
        })
        assert.ok(fileId !== undefined)
        const versionId = addVersion(journal, fileId, { hash: 'h', sizeBytes: 10, mtimeMs: 1000.25 }, 1)
        setNewestVersion(journal, fileId, versionId)
        const copy = { versionId, sizeBytes: 10, mtimeMs: 1000.25 }
        if (atDrive) saveCopy(journal, { ...copy, placeId: 'drive', state: atDrive, path: at })
        if (atWorking) saveCopy(journal, { ...copy, placeId: WORKING, state: atWorking, path: 'IMG_1.CR3' })
        if (isGone) journal.run('UPDATE files SET gone_ms = 5 WHERE id = ?', [fileId])
        const known = filesOfShoot(journal, shoot.id)
        const good = goodFilesAt(journal, shoot.id, 'drive')
        for (const stat of SCANNED) {
          for (const found of FOUND) {
            const scanned = [{ name: 'IMG_1.CR3', ...stat }]
            const there = new Map(found ? [['IMG_1.CR3', found]] : [])
            const plan = planShoot({ scanned, known, atPlaces: new Map([['drive', there]]) })
            const isDone = plan.files.every((file) => file.isDone)
            assert.equal(
              areAllDone(scanned, good, there),
              isDone,
              JSON.stringify({ atDrive, atWorking, isGone, ctimeMs, at, stat, found }),
            )
            if (isDone) done += 1
          }
        }
      })
    })
    journal.close()
    assert.ok(done > 0, 'some need nothing')
  })

  it('knows every time to its last bit', () => {
    const journal = Journal.open(home)
    const source = addSource(journal, { label: 'Shoot', path: '/card', devices: [] }, 1)
    const shoot = ensureShoot(journal, source, '')
    const nanoseconds = [0, 1, 999, 123_456_789, 870_107_199, 999_999_999]
    const times = [-3e9, -2, 1, 5e6, 86_400, 946_684_800, 1_795_812_943, 4_102_444_800, 99_999_999_999].flatMap(
      (seconds) => nanoseconds.map((part) => seconds * 1000 + part / 1e6),
    )
    times.push(0)
    journal.transaction(() => {
      times.forEach((ms, index) => {
        const name = `IMG_${index}.CR3`
        const fileId = addFile(journal, shoot.id, name, { sizeBytes: index, mtimeMs: ms, ctimeMs: -ms })
        assert.ok(fileId !== undefined)
        const versionId = addVersion(journal, fileId, { hash: 'h', sizeBytes: index, mtimeMs: ms }, 1)
        setNewestVersion(journal, fileId, versionId)
        const copy = {
          versionId,
          placeId: 'drive',
          state: 'verified',
          path: name,
          sizeBytes: 7,
          mtimeMs: ms + 1,
        } as const
        saveCopy(journal, copy)
      })
    })
    const good = goodFilesAt(journal, shoot.id, 'drive')
    journal.close()
    assert.deepEqual(
      [...good].sort(([, a], [, b]) => a.sizeBytes - b.sizeBytes),
      times.map((ms, index) => [
        `IMG_${index}.CR3`,
        { sizeBytes: index, mtimeMs: ms, ctimeMs: 0 - ms, copy: { sizeBytes: 7, mtimeMs: ms + 1 } },
      ]),
    )
  })
})
