// Random histories of faults, lapsing proofs, lost drives, stores that lie and clocks that jump, judged beside a model that knows the true time
// and the true bytes of every proof: "protected" is never said of a file whose copies were not really proven, lately, at enough places.
import assert from 'node:assert/strict'
import type { GroupCopy } from '../../helper/journal/health-groups.js'
import type { PlaceFacts } from '../../helper/status/counting.js'
import { healthOfFile } from '../../helper/status/health.js'
import { DEFAULT_POLICY } from '../../helper/status/policy.js'

const DAY = 24 * 60 * 60 * 1000
const HISTORIES = Number(process.env['SAFELIGHT_HISTORIES'] ?? 10_000)

const PLACES: readonly PlaceFacts[] = [
  { id: 'working', name: 'working', role: 'working', devices: ['w'], location: '' },
  { id: 'desk', name: 'desk', role: 'drive', devices: ['d'], location: '' },
  { id: 'twin', name: 'twin', role: 'drive', devices: ['d'], location: '' },
  { id: 'vault', name: 'vault', role: 'drive', devices: ['v'], location: 'off-site' },
  { id: 'cloud', name: 'cloud', role: 'bucket', devices: ['s3:x/y'], location: 'off-site' },
  { id: 'sync', name: 'sync', role: 'sync', devices: ['w'], location: 'off-site' },
]
const places = new Map(PLACES.map((place) => [place.id, place]))

/** What really happened to a copy: its bytes, and when they were last truly compared. */
interface Truth {
  isGood: boolean
  provenDay?: number
  how: 'direct' | 'server checksum' | 'download'
}

function random(seed: number): (below: number) => number {
  let state = (seed * 2_654_435_761 + 1) >>> 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state % below
  }
}

function history(seed: number): number {
  const pick = random(seed)
  const truth = new Map<string, Truth>()
  const said = new Map<string, GroupCopy>()
  let trueDay = 1000
  let offsetDays = 0
  let greens = 0
  for (let step = 0; step < 40; step++) {
    const place = PLACES[pick(PLACES.length)]
    if (!place) continue
    const nowMs = (trueDay + offsetDays) * DAY
    const copy = truth.get(place.id)
    switch (pick(8)) {
      case 0:
      case 1: {
        const how = place.role !== 'bucket' ? 'direct' : pick(2) === 0 ? 'download' : 'server checksum'
        truth.set(place.id, { isGood: true, provenDay: trueDay, how })
        said.set(place.id, { placeId: place.id, state: 'verified', provenMs: nowMs, how })
        break
      }
      case 2:
        if (copy) copy.isGood = false
        break
      case 3: {
        // Read again: what is rotten is found, what is good is proven anew.
        if (!copy) break
        if (copy.isGood) copy.provenDay = trueDay
        else delete copy.provenDay
        said.set(place.id, {
          placeId: place.id,
          state: copy.isGood ? 'verified' : 'damaged',
          provenMs: nowMs,
          how: copy.how,
        })
        break
      }
      case 4:
        trueDay += pick(60)
        break
      case 5:
        // Ahead by years and back again: what was proven in between bears a time to come.
        offsetDays = offsetDays === 0 ? 400 + pick(4000) : 0
        if (offsetDays === 0)
          for (const [id, each] of said)
            if ((each.provenMs ?? 0) > (trueDay + 1) * DAY) said.set(id, { placeId: id, state: each.state })
        break
      case 6:
        if (copy) said.set(place.id, { placeId: place.id, state: 'written' })
        break
      default:
        truth.delete(place.id)
        said.delete(place.id)
    }
    const { verdict } = healthOfFile([...said.values()], places, DEFAULT_POLICY, (trueDay + offsetDays) * DAY)
    if (verdict !== 'protected') continue
    greens += 1
    const real = [...truth].filter(([id, { provenDay, how }]) => {
      const days = id !== 'cloud' ? 90 : how === 'download' ? 365 : 31
      return provenDay !== undefined && said.get(id)?.state === 'verified' && trueDay - provenDay <= days
    })
    const ids = new Set(real.map(([id]) => id))
    const disks = new Set([...ids].map((id) => (id === 'twin' ? 'desk' : id === 'sync' ? 'working' : id)))
    assert.ok(
      ids.size >= 3 && disks.size >= 2 && (ids.has('vault') || ids.has('cloud')),
      `a false green in history ${seed}, step ${step}`,
    )
  }
  return greens
}

describe('the verdict over random histories', () => {
  it(`is never a false green in ${HISTORIES} of them`, () => {
    let greens = 0
    for (let seed = 1; seed <= HISTORIES; seed++) greens += history(seed)
    assert.ok(greens > HISTORIES / 20, `green was said at all: ${greens}`)
  })
})
