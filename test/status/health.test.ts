// The verdict, against a second and simpler opinion: whatever the facts, `protected` is said only where three devices and an
// off-site copy each hold the file with a proof that still counts. Long, because the rules are one table.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { FileGroup, GroupCopy } from '../../helper/journal/health-groups.js'
import { countDevices, isOfflineCapable, type PlaceFacts, type PlaceRole } from '../../helper/status/counting.js'
import { healthOfFile, healthOfShoot, overallVerdict, type Places } from '../../helper/status/health.js'
import { DEFAULT_POLICY } from '../../helper/status/policy.js'
import { scoreOf } from '../../helper/status/score.js'

const NOW = Date.parse('2026-06-01T00:00:00Z')
const DAY = 24 * 60 * 60 * 1000

interface Case {
  readonly role: PlaceRole
  readonly devices: readonly string[]
  readonly isElsewhere: boolean
  readonly state: GroupCopy['state']
  readonly ageMs: number | undefined
  readonly how: 'direct' | 'cached' | 'server checksum' | 'download'
}

const ROLES = ['working', 'drive', 'raid', 'nas', 'bucket', 'sync', 'card', 'gallery'] as const

const aCase: fc.Arbitrary<Case> = fc.record({
  role: fc.constantFrom(...ROLES, 'drive', 'bucket'),
  devices: fc.constantFrom([], ['a'], ['b'], ['c'], ['a', 'b'], ['nas/photos'], ['nas/video'], ['dev:7']),
  isElsewhere: fc.boolean(),
  state: fc.constantFrom('verified', 'verified', 'verified', 'written', 'planned', 'damaged', 'missing'),
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
    -1 * DAY,
    -2 * DAY,
  ),
  how: fc.constantFrom('direct', 'cached', 'server checksum', 'download'),
})

function factsOf(cases: readonly Case[]): { places: Places; copies: GroupCopy[] } {
  const places = cases.map(({ role, devices, isElsewhere }, index): PlaceFacts => ({
    id: String(index),
    name: `Place ${index}`,
    role,
    devices,
    location: isElsewhere ? 'off-site' : '',
  }))
  const copies = cases.map(({ state, ageMs, how }, index): GroupCopy => ({
    placeId: String(index),
    state,
    ...(ageMs === undefined ? {} : { provenMs: NOW - ageMs, how }),
  }))
  return { places: new Map(places.map((place) => [place.id, place])), copies }
}

/** The second opinion: do three good places exist that no single disk takes together, by trying them one by one. */
function deserves(cases: readonly Case[]): boolean {
  const counted = cases.filter(({ role }) => role !== 'card' && role !== 'gallery')
  if (counted.some(({ state }) => state === 'damaged')) return false
  const good = counted.filter(({ role, state, ageMs, how }) => {
    if (state !== 'verified' || ageMs === undefined || ageMs < -DAY) return false
    const days = role !== 'bucket' ? 90 : how === 'download' ? 365 : 31
    return ageMs <= days * DAY
  })
  const distinct = good.filter(({ devices }) => devices.length > 0 && !devices.includes('dev:7'))
  const isApart = (one: Case, other: Case): boolean =>
    !linked(distinct, new Set(one.devices.map(host)), new Set(other.devices.map(host)))
  const areThreeApart = distinct.some((one) =>
    distinct.some(
      (other) => isApart(one, other) && distinct.some((third) => isApart(one, third) && isApart(other, third)),
    ),
  )
  const isElsewhere = good.some(({ role, isElsewhere: itIs }) => itIs && role !== 'working' && role !== 'sync')
  return areThreeApart && isElsewhere
}

function host(device: string): string {
  return device.replace(/\/.*/, '')
}

/** Whether two sets of devices touch, if need be by way of a third place on both. */
function linked(good: readonly Case[], from: Set<string>, to: Set<string>): boolean {
  const reached = new Set(from)
  for (let size = -1; size !== reached.size;) {
    size = reached.size
    for (const { devices } of good)
      if (devices.some((device) => reached.has(host(device)))) devices.forEach((device) => reached.add(host(device)))
  }
  return [...to].some((device) => reached.has(device))
}

describe('the verdict on a file', () => {
  it('is "protected" exactly when nothing at all is missing, whatever the places, proofs and clocks', () => {
    fc.assert(
      fc.property(fc.array(aCase, { maxLength: 5 }), (cases) => {
        const { places, copies } = factsOf(cases)
        const { verdict, needs, validUntilMs } = healthOfFile(copies, places, DEFAULT_POLICY, NOW)
        assert.equal(verdict === 'protected', deserves(cases), JSON.stringify({ cases, verdict, needs }))
        assert.equal(needs.length === 0, verdict === 'protected')
        if (validUntilMs === undefined || cases.some(({ ageMs = 0 }) => ageMs < 0)) return
        assert.ok(validUntilMs >= NOW)
        const at = (ms: number): string => healthOfFile(copies, places, DEFAULT_POLICY, ms).verdict
        assert.equal(at(validUntilMs), 'protected', 'to the last moment that was promised')
        assert.notEqual(at(validUntilMs + 1), 'protected', 'and not a moment longer')
      }),
      { numRuns: 20_000 },
    )
  })

  it('of every combination of roles, states and ages at three places agrees with the second opinion', () => {
    const ages = [0, 31 * DAY, 31 * DAY + 1, 90 * DAY + 1, -2 * DAY, undefined]
    const shelf: Case[] = ROLES.filter((role) => role !== 'working').flatMap((role) =>
      (['verified', 'written', 'damaged', 'missing'] as const).flatMap((state) =>
        ages.flatMap((ageMs) =>
          [false, true].map((isElsewhere): Case => ({
            role,
            devices: [role],
            isElsewhere,
            state,
            ageMs,
            how: 'server checksum',
          })),
        ),
      ),
    )
    const original: Case = {
      role: 'working',
      devices: ['w'],
      isElsewhere: false,
      state: 'verified',
      ageMs: 0,
      how: 'cached',
    }
    let protectedOnes = 0
    for (const one of shelf)
      for (const other of shelf) {
        const cases = [original, one, { ...other, devices: [`${other.role} 2`] }]
        const { places, copies } = factsOf(cases)
        const { verdict } = healthOfFile(copies, places, DEFAULT_POLICY, NOW)
        assert.equal(verdict === 'protected', deserves(cases), JSON.stringify(cases))
        if (verdict === 'protected') protectedOnes += 1
      }
    assert.ok(protectedOnes > 100)
  })
})

describe('the verdict on a shoot', () => {
  const place = (id: string, more: Partial<PlaceFacts> = {}): PlaceFacts => ({
    id,
    name: id,
    role: 'drive',
    devices: [id],
    location: '',
    ...more,
  })
  const PLACES = [
    place('working', { role: 'working' }),
    place('desk'),
    place('cloud', { role: 'bucket', location: 'off-site' }),
  ]
  const copy = (placeId: string, more: Partial<GroupCopy> = {}): GroupCopy => ({
    placeId,
    state: 'verified',
    provenMs: NOW - DAY,
    how: placeId === 'cloud' ? 'server checksum' : 'direct',
    ...more,
  })
  const [working, desk, cloud] = [copy('working'), copy('desk'), copy('cloud')]
  const group = (files: number, ...copies: readonly GroupCopy[]): FileGroup => ({ files, bytes: files, copies })
  const OLD = { provenMs: NOW - 2 * 365 * DAY }

  const TABLE: readonly (readonly [string, readonly PlaceFacts[], readonly FileGroup[], string, readonly string[]])[] =
    [
      ['everything there', PLACES, [group(3, working, desk, cloud)], 'protected', []],
      ['no off-site copy', PLACES, [group(3, working, desk)], 'partly', ['a third copy', 'an off-site copy']],
      [
        'only the originals',
        PLACES,
        [group(3, working)],
        'at-risk',
        ['two more copies', 'a copy on a second device', 'an off-site copy'],
      ],
      [
        'one file of three not confirmed yet',
        PLACES,
        [group(2, working, desk, cloud), group(1, working, desk, copy('cloud', { state: 'written' }))],
        'partly',
        [
          'a third copy of 1 of 3 files',
          'an off-site copy of 1 of 3 files',
          '1 of 3 files on their way to cloud, not confirmed yet',
        ],
      ],
      [
        'one file damaged',
        PLACES,
        [group(2, working, desk, cloud), group(1, working, copy('desk', { state: 'damaged' }), cloud)],
        'partly',
        ['a third copy of 1 of 3 files', '1 damaged on desk'],
      ],
      [
        'a damaged original',
        PLACES,
        [group(2, working, desk, cloud), group(1, copy('working', { state: 'damaged' }), desk, cloud)],
        'partly',
        ['a third copy of 1 of 3 files', '1 damaged among the originals'],
      ],
      [
        'a proof that lapsed',
        PLACES,
        [group(3, working, desk, copy('cloud', { provenMs: NOW - 31 * DAY - 1 }))],
        'partly',
        ['a third copy', 'an off-site copy', 'a fresh proof of the copies on cloud'],
      ],
      [
        'every proof lapsed',
        PLACES,
        [group(3, copy('working', OLD), copy('desk', OLD), copy('cloud', OLD))],
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
        [group(3, working, desk, cloud)],
        'at-risk',
        ['two more copies on devices of their own', 'a copy on a second device'],
      ],
      [
        'originals and copy on one disk',
        PLACES.map((each) => (each.id === 'cloud' ? each : { ...each, devices: ['one'] })),
        [group(3, working, desk, cloud)],
        'partly',
        ['a third copy on a device of its own'],
      ],
      [
        'devices that nobody knows',
        PLACES.map((each) => ({ ...each, devices: [] })),
        [group(3, working, desk, cloud)],
        'at-risk',
        ['two more copies on devices of their own', 'a copy on a second device'],
      ],
      [
        'a proof from the future',
        PLACES,
        [group(3, working, copy('desk', { provenMs: NOW + 2 * DAY }), cloud)],
        'partly',
        ['a third copy', 'a fresh proof of the copies on desk'],
      ],
      [
        'different files each missing another place',
        [...PLACES, place('vault')],
        [
          group(2, working, desk, cloud),
          group(2, working, copy('vault'), cloud),
          group(2, copy('working', { state: 'missing' }), desk, copy('vault'), cloud),
        ],
        'protected',
        [],
      ],
      [
        'a sync folder that is said to be elsewhere',
        [PLACES[0] ?? place('x'), place('desk'), place('cloud', { role: 'sync', location: 'off-site' })],
        [group(3, working, desk, cloud)],
        'partly',
        ['an off-site copy'],
      ],
      [
        'a card that still holds them all',
        [
          PLACES[0] ?? place('x'),
          place('desk', { role: 'card' }),
          place('cloud', { role: 'bucket', location: 'off-site' }),
        ],
        [group(3, working, desk, cloud)],
        'partly',
        ['a third copy'],
      ],
      [
        'a drive at a friend’s house in the place of a bucket',
        [PLACES[0] ?? place('x'), place('desk'), place('cloud', { location: 'off-site' })],
        [group(3, working, desk, copy('cloud', { how: 'direct' }))],
        'protected',
        [],
      ],
    ]

  for (const [name, places, groups, verdict, missing] of TABLE) {
    it(`with ${name} is "${verdict}"`, () => {
      const health = healthOfShoot(groups, new Map(places.map((each) => [each.id, each])), DEFAULT_POLICY, NOW)
      assert.deepEqual({ verdict: health.verdict, missing: health.missing }, { verdict, missing })
    })
  }

  const all: Places = new Map(PLACES.map((each) => [each.id, each]))

  it('of a shoot without files is "unknown"', () =>
    assert.equal(healthOfShoot([], all, DEFAULT_POLICY, NOW).verdict, 'unknown'))

  it('asks for two kinds of media, or for a copy that can be unplugged, where the user does', () => {
    const groups = [group(3, working, desk, cloud)]
    const [a, b, c] = PLACES
    const same: Places = new Map(
      [a, b, c].map((each) => [each?.id ?? '', { ...(each ?? place('x')), medium: 'internal' }]),
    )
    const types = { ...DEFAULT_POLICY, mediaRule: 'types' } as const
    assert.deepEqual(healthOfShoot(groups, same, types, NOW).missing, ['a copy on another kind of medium'])
    const offline = { ...DEFAULT_POLICY, demandOffline: true }
    assert.deepEqual(healthOfShoot(groups, same, offline, NOW).missing, ['a copy that can be unplugged'])
    const usb: Places = new Map([...same, ['desk', place('desk', { medium: 'removable' })]])
    assert.equal(healthOfShoot(groups, usb, { ...offline, mediaRule: 'types' }, NOW).verdict, 'protected')
  })

  it('counts places as one device when a third lies on the disks of both, and shares of one host as one', () => {
    const raid = place('raid', { devices: ['desk', 'working'] })
    assert.equal(countDevices([place('working'), place('desk')]), 2)
    assert.equal(countDevices([place('working'), place('desk'), raid]), 1)
    assert.equal(countDevices([place('x', { devices: [] }), place('y', { devices: [] })]), 0)
    assert.equal(countDevices([place('x', { devices: ['nas/a'] }), place('y', { devices: ['nas/b'] })]), 1)
    assert.equal(countDevices([place('x', { devices: ['s3:h/a'] }), place('y', { devices: ['s3:h/b'] })]), 2)
    assert.equal(countDevices([place('x', { devices: ['dev:1'] }), place('y', { devices: ['dev:2'] })]), 1)
    assert.equal(countDevices([place('x', { devices: ['dev:1'] }), place('y')]), 1)
  })

  it('takes only what can be unplugged for offline, never a NAS, a RAID, a bucket or a sync folder', () => {
    const roles = ROLES.filter((role) => isOfflineCapable(place('x', { role, medium: 'removable' })))
    assert.deepEqual(roles, ['drive'])
    assert.ok(!isOfflineCapable(place('x', { medium: 'internal' })))
  })

  it('of the whole is as good as the worst of its parts, and "unknown" where there is nothing', () => {
    assert.equal(overallVerdict([]), 'unknown')
    assert.equal(overallVerdict(['protected', 'partly', 'unknown']), 'unknown')
    assert.equal(overallVerdict(['protected', 'unknown', 'at-risk']), 'at-risk')
    assert.equal(overallVerdict(['protected', 'protected']), 'protected')
  })

  it('comes with a score of the worst file: each digit with its oldest proof and the way of that very proof', () => {
    const groups = [
      group(2, working, copy('desk', { provenMs: NOW - 3 * DAY }), cloud),
      group(1, working, desk, copy('cloud', { how: 'download', lockedUntilMs: NOW + DAY })),
    ]
    const drill = { atMs: NOW - 2 * DAY, errors: 0 }
    const shown = (digits: ReturnType<typeof scoreOf>): string[] =>
      digits.map(({ rule, have, isMet, provenAt = '', how = '' }) =>
        [rule, have ?? '?', isMet, provenAt.slice(0, 10), how].join(' '),
      )
    const score = (its: readonly FileGroup[], facts: Parameters<typeof scoreOf>[3]): string[] =>
      shown(scoreOf(its, healthOfShoot(its, all, DEFAULT_POLICY, NOW).good, DEFAULT_POLICY, facts, NOW))
    assert.deepEqual(score(groups, { drill }), [
      'copies 3 true 2026-05-29 direct',
      'media 3 true 2026-05-29 direct',
      'off-site 1 true 2026-05-31 server checksum',
      'extra 0 false  ',
      'errors 0 true 2026-05-30 drill',
    ])
    const locked = groups.slice(1)
    const late = score(locked, { drill: { atMs: NOW - 32 * DAY, errors: 0 } })
    assert.deepEqual(late.slice(3), ['extra 1 true 2026-05-31 object lock', 'errors 0 false 2026-04-30 drill'])
    assert.equal(score(locked, {})[4], 'errors ? false  ')
  })
})
