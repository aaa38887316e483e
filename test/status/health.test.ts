// The verdict, against a second and simpler opinion: whatever the facts, `protected` is said only where three places, two devices and an
// off-site copy each hold every file with a proof that still counts.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  BEST_BEFORE,
  countDevices,
  healthOfShoot,
  overallVerdict,
  type PlaceCount,
  type PlaceFacts,
} from '../../helper/status/health.js'

const NOW = Date.parse('2026-06-01T00:00:00Z')
const DAY = 24 * 60 * 60 * 1000
const FILES = 3

interface Case {
  readonly kind: PlaceFacts['kind']
  readonly devices: readonly string[]
  readonly isOffSite: boolean
  readonly verified: number
  readonly damaged: number
  readonly ageMs: number | undefined
  readonly how: 'direct' | 'cached' | 'server checksum' | 'download'
}

const aCase: fc.Arbitrary<Case> = fc.record({
  kind: fc.constantFrom('working', 'drive', 'bucket'),
  devices: fc.constantFrom([], ['a'], ['b'], ['c'], ['a', 'b']),
  isOffSite: fc.boolean(),
  verified: fc.constantFrom(0, 1, 2, 3),
  damaged: fc.constantFrom(0, 0, 0, 1),
  ageMs: fc.constantFrom(
    undefined,
    0,
    1 * DAY,
    31 * DAY,
    31 * DAY + 1,
    90 * DAY,
    90 * DAY + 1,
    365 * DAY,
    365 * DAY + 1,
    -2 * DAY,
  ),
  how: fc.constantFrom('direct', 'cached', 'server checksum', 'download'),
})

function factsOf(cases: readonly Case[]): { places: PlaceFacts[]; counts: PlaceCount[] } {
  return {
    places: cases.map(({ kind, devices, isOffSite }, index) => ({
      id: String(index),
      name: `Place ${index}`,
      kind,
      devices,
      isOffSite,
    })),
    counts: cases.map(({ verified, damaged, ageMs, how }, index) => ({
      placeId: String(index),
      files: FILES,
      verified,
      damaged,
      ...(ageMs === undefined ? {} : { oldestProofMs: NOW - ageMs, how }),
    })),
  }
}

/** The second opinion: does a set of three good places exist, by trying them one by one. */
function deserves(cases: readonly Case[]): boolean {
  if (cases.some((each) => each.damaged > 0)) return false
  const good = cases.filter(({ kind, verified, ageMs, how }) => {
    if (verified < FILES || ageMs === undefined || ageMs < -DAY) return false
    const days = kind !== 'bucket' ? 90 : how === 'download' ? 365 : 31
    return ageMs <= days * DAY
  })
  const apart = good.some((one) =>
    good.some(
      (other) =>
        one.devices.length > 0 &&
        other.devices.length > 0 &&
        !linked(good, new Set(one.devices), new Set(other.devices)),
    ),
  )
  return good.length >= 3 && apart && good.some((each) => each.isOffSite)
}

/** Whether two sets of devices touch, if need be by way of a third place on both. */
function linked(good: readonly Case[], from: Set<string>, to: Set<string>): boolean {
  const reached = new Set(from)
  for (let size = -1; size !== reached.size;) {
    size = reached.size
    for (const { devices } of good)
      if (devices.some((device) => reached.has(device))) devices.forEach((d) => reached.add(d))
  }
  return [...to].some((device) => reached.has(device))
}

describe('the verdict on a shoot', () => {
  it('is "protected" exactly when nothing at all is missing, and names what is missing otherwise', () => {
    fc.assert(
      fc.property(fc.array(aCase, { maxLength: 5 }), (cases) => {
        const { places, counts } = factsOf(cases)
        const { verdict, missing } = healthOfShoot({ files: FILES, counts }, places, NOW)
        assert.equal(verdict === 'protected', deserves(cases), JSON.stringify({ cases, verdict, missing }))
        assert.equal(missing.length === 0, verdict === 'protected')
      }),
      { numRuns: 20_000 },
    )
  })

  const good = (id: string, more: Partial<PlaceFacts> = {}): PlaceFacts => ({
    id,
    name: id,
    kind: 'drive',
    devices: [id],
    isOffSite: false,
    ...more,
  })
  const PLACES = [
    good('working', { kind: 'working' }),
    good('desk'),
    good('cloud', { kind: 'bucket', isOffSite: true }),
  ]
  const count = (placeId: string, more: Partial<PlaceCount> = {}): PlaceCount => ({
    placeId,
    files: FILES,
    verified: FILES,
    damaged: 0,
    oldestProofMs: NOW - DAY,
    how: 'direct',
    ...more,
  })
  const [working, desk, cloud] = [count('working'), count('desk'), count('cloud', { how: 'server checksum' })]

  const TABLE: readonly (readonly [string, readonly PlaceFacts[], readonly PlaceCount[], string, readonly string[]])[] =
    [
      ['everything there', PLACES, [working, desk, cloud], 'protected', []],
      ['no off-site copy', PLACES, [working, desk], 'partly', ['a third copy', 'an off-site copy']],
      [
        'only the originals',
        PLACES,
        [working],
        'at-risk',
        ['two more copies', 'a copy on a second device', 'an off-site copy'],
      ],
      [
        'one file not verified',
        PLACES,
        [working, desk, { ...cloud, verified: 2 }],
        'partly',
        ['a third copy', 'an off-site copy', '1 of 3 files not verified on cloud'],
      ],
      [
        'one file damaged',
        PLACES,
        [working, { ...desk, verified: 2, damaged: 1 }, cloud],
        'partly',
        ['a third copy', '1 damaged on desk'],
      ],
      [
        'a damaged original',
        PLACES,
        [{ ...working, verified: 2, damaged: 1 }, desk, cloud],
        'partly',
        ['a third copy', '1 damaged among the originals'],
      ],
      [
        'a proof that lapsed',
        PLACES,
        [working, desk, { ...cloud, oldestProofMs: NOW - BEST_BEFORE.serverChecksumMs - 1 }],
        'partly',
        ['a third copy', 'an off-site copy', 'a fresh proof of the copies on cloud'],
      ],
      [
        'every proof lapsed',
        PLACES,
        [working, desk, cloud].map((each) => ({ ...each, oldestProofMs: NOW - 2 * 365 * DAY })),
        'unknown',
        [
          'two more copies',
          'a copy on a second device',
          'an off-site copy',
          'a fresh proof of the copies among the originals',
          'a fresh proof of the copies on desk',
          'a fresh proof of the copies on cloud',
        ],
      ],
      [
        'three places on one device',
        PLACES.map((each) => ({ ...each, devices: ['one'] })),
        [working, desk, cloud],
        'at-risk',
        ['a copy on a second device'],
      ],
      [
        'devices that nobody knows',
        PLACES.map((each) => ({ ...each, devices: [] })),
        [working, desk, cloud],
        'at-risk',
        ['a copy on a second device'],
      ],
      [
        'a proof from the future',
        PLACES,
        [working, { ...desk, oldestProofMs: NOW + 2 * DAY }, cloud],
        'partly',
        ['a third copy', 'a fresh proof of the copies on desk'],
      ],
    ]

  for (const [name, places, counts, verdict, missing] of TABLE) {
    it(`with ${name} is "${verdict}"`, () =>
      assert.deepEqual(healthOfShoot({ files: FILES, counts }, places, NOW), { verdict, missing }))
  }

  it('of a shoot without files is "unknown"', () =>
    assert.equal(healthOfShoot({ files: 0, counts: [working, desk, cloud] }, PLACES, NOW).verdict, 'unknown'))

  it('counts places as one device when a third lies on the disks of both', () => {
    const raid = good('raid', { devices: ['desk', 'working'] })
    assert.equal(countDevices([good('working'), good('desk')]), 2)
    assert.equal(countDevices([good('working'), good('desk'), raid]), 1)
    assert.equal(countDevices([good('x', { devices: [] }), good('y', { devices: [] })]), 0)
  })

  it('of the whole is as good as the worst of its parts, and "unknown" where there is nothing', () => {
    assert.equal(overallVerdict([]), 'unknown')
    assert.equal(overallVerdict(['protected', 'partly', 'unknown']), 'unknown')
    assert.equal(overallVerdict(['protected', 'unknown', 'at-risk']), 'at-risk')
    assert.equal(overallVerdict(['protected', 'protected']), 'protected')
  })
})
