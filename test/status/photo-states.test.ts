import assert from 'node:assert/strict'
import type { GroupCopy } from '../../helper/journal/health-groups.js'
import type { PlaceFacts } from '../../helper/status/counting.js'
import { healthOfFile } from '../../helper/status/health.js'
import { photoWords, type JudgedFile } from '../../helper/status/photo-states.js'
import { DEFAULT_POLICY } from '../../helper/status/policy.js'

const DAY = 24 * 60 * 60 * 1000
const NOW = Date.UTC(2026, 10, 26, 12)

const place = (
  id: string,
  role: PlaceFacts['role'],
  devices: string[],
  location: '' | 'off-site' = '',
): PlaceFacts => ({
  id,
  name: id,
  role,
  devices,
  location,
})
const PLACES = new Map(
  [
    place('working', 'working', ['disk0']),
    place('ssd', 'drive', ['disk1']),
    place('ssd2', 'drive', ['disk2']),
    place('same', 'drive', ['disk0']),
    place('bucket', 'bucket', ['s3'], 'off-site'),
    place('gallery', 'gallery', ['web'], 'off-site'),
  ].map((each) => [each.id, each]),
)

const copy = (placeId: string, daysAgo = 1, state: GroupCopy['state'] = 'verified'): GroupCopy => ({
  placeId,
  state,
  provenMs: NOW - daysAgo * DAY,
  how: placeId === 'bucket' ? 'server checksum' : 'direct',
})
const file = (...copies: GroupCopy[]): JudgedFile => ({
  copies,
  health: healthOfFile(copies, PLACES, DEFAULT_POLICY, NOW),
})
const words = (...files: JudgedFile[]) => photoWords(files, PLACES)

describe('the words for one photo', () => {
  const whole = [copy('working'), copy('ssd', 3), copy('bucket', 6)]

  const cases: readonly (readonly [string, readonly JudgedFile[], ReturnType<typeof words>])[] = [
    ['nobody knows it', [], { backup: 'not yet backed up' }],
    ['the original alone', [file(copy('working'))], { backup: 'not yet backed up' }],
    ['one drive', [file(copy('working'), copy('ssd', 3))], { backup: 'second drive only', provenOn: '2026-11-23' }],
    [
      'two drives',
      [file(copy('working'), copy('ssd'), copy('ssd2'))],
      { backup: '2 drives, not off-site', provenOn: '2026-11-25' },
    ],
    [
      'a drive that is the disk of the originals',
      [file(copy('working'), copy('same'))],
      { backup: 'on the same disk only', provenOn: '2026-11-25' },
    ],
    ['a bucket alone', [file(copy('working'), copy('bucket'))], { backup: 'off-site only', provenOn: '2026-11-25' }],
    [
      'three copies, the day of the oldest proof that is not the original’s',
      [file(...whole)],
      { backup: '3-2-1 (proven 2026-11-20)', provenOn: '2026-11-20' },
    ],
    [
      'a sidecar that is on the drive only',
      [file(...whole), file(copy('working'), copy('ssd', 9))],
      { backup: 'second drive only', provenOn: '2026-11-17' },
    ],
    ['a sidecar that is nowhere', [file(...whole), file(copy('working'))], { backup: 'not yet backed up' }],
    ['a damaged original', [file(copy('working', 1, 'damaged'), copy('ssd'))], { backup: 'damaged at source' }],
    ['a damaged copy and no other', [file(copy('working'), copy('ssd', 1, 'damaged'))], { backup: 'copy damaged' }],
    ['a proof of long ago', [file(copy('working'), copy('ssd', 91))], { backup: 'proof too old (last 2026-08-27)' }],
    [
      'an upload that is not confirmed',
      [file(copy('working'), { placeId: 'bucket', state: 'written' })],
      { backup: 'on its way off-site, not confirmed' },
    ],
    ['a gallery', [file(copy('working'), copy('gallery'))], { backup: 'not yet backed up' }],
  ]
  for (const [what, files, expected] of cases)
    it(`${what}: ${expected.backup}`, () => assert.deepEqual(words(...files), expected))

  it('is green only as long as everything is proven, and never without the day', () => {
    for (let days = 0; days < 120; days++) {
      const { backup, provenOn } = words(file(copy('working', days), copy('ssd', days), copy('bucket', days)))
      assert.equal(backup.startsWith('3-2-1'), days <= 31, `${days} days`)
      if (backup.startsWith('3-2-1')) assert.ok(provenOn !== undefined && backup.includes(provenOn))
    }
  })
})
