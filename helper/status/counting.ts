// Honest counting, as a table: what each kind of place is worth when copies, media and off-site copies are counted. Pure.
//
//   role      is a copy   is a medium        can be off-site     can be taken off the net
//   working   yes         its devices        no                  no
//   drive     yes         its device         by its location     when it can be unplugged
//   raid      yes, one    its devices, one   by its location     no: it stays connected
//   nas       yes, one    its host           by its location     no
//   bucket    yes         its bucket         by its location     no, but it can be locked
//   sync      yes         its device         never               no: it passes deletions on
//   card      no
//   gallery   no
//
// Places that share any physical device are one medium, and a device that cannot be told apart from others adds none.
import type { PlaceRow } from '../journal/places.js'
import { WORKING } from '../model.js'

export type PlaceRole = 'working' | 'drive' | 'raid' | 'nas' | 'bucket' | 'sync' | 'card' | 'gallery'

interface Rule {
  readonly isCopy: boolean
  readonly mayBeOffSite: boolean
  readonly canBeUnplugged: boolean
}

export const COUNTING: Readonly<Record<PlaceRole, Rule>> = {
  working: { isCopy: true, mayBeOffSite: false, canBeUnplugged: false },
  drive: { isCopy: true, mayBeOffSite: true, canBeUnplugged: true },
  raid: { isCopy: true, mayBeOffSite: true, canBeUnplugged: false },
  nas: { isCopy: true, mayBeOffSite: true, canBeUnplugged: false },
  bucket: { isCopy: true, mayBeOffSite: true, canBeUnplugged: false },
  sync: { isCopy: true, mayBeOffSite: false, canBeUnplugged: false },
  card: { isCopy: false, mayBeOffSite: false, canBeUnplugged: false },
  gallery: { isCopy: false, mayBeOffSite: false, canBeUnplugged: false },
}

/** A place as far as counting is concerned. */
export interface PlaceFacts {
  readonly id: string
  readonly name: string
  readonly role: PlaceRole
  /** Physical devices below it; empty when nobody knows. */
  readonly devices: readonly string[]
  /** Kind of medium, where that is known. */
  readonly medium?: string
  /** Where it stands, as the user says; the role decides whether that counts. */
  readonly location: '' | 'off-site'
}

export function isCounted(place: PlaceFacts): boolean {
  return COUNTING[place.role].isCopy
}

export function isOffSite(place: PlaceFacts): boolean {
  return place.location === 'off-site' && COUNTING[place.role].mayBeOffSite
}

/** A copy that no network and no program can reach once it is unplugged. */
export function isOfflineCapable(place: PlaceFacts): boolean {
  return COUNTING[place.role].canBeUnplugged && place.medium === 'removable'
}

export function roleOf(
  place: Pick<PlaceRow, 'kind' | 'devices' | 'volume' | 'settings'>,
): Exclude<PlaceRole, 'working'> {
  const { role } = place.settings
  if (role === 'card' || role === 'gallery') return role
  if (place.volume.syncClient !== undefined) return 'sync'
  if (place.kind === 'bucket') return 'bucket'
  if (place.volume.medium === 'network') return 'nas'
  return place.devices.length > 1 ? 'raid' : 'drive'
}

export function factsOf(place: PlaceRow): PlaceFacts {
  const role = roleOf(place)
  const medium = role === 'bucket' ? 'bucket' : place.volume.medium
  return {
    id: place.id,
    name: place.name,
    role,
    devices: place.devices,
    location: place.location,
    ...(medium === undefined ? {} : { medium }),
  }
}

export function workingFacts(devices: readonly string[]): PlaceFacts {
  return { id: WORKING, name: WORKING, role: 'working', devices, location: '' }
}

/** How many physical devices there are among these for certain. */
export function countDevices(places: readonly Pick<PlaceFacts, 'devices'>[]): number {
  let groups: Set<string>[] = []
  let areIndistinct = false
  for (const { devices } of places.filter((place) => place.devices.length > 0)) {
    if (devices.some(isIndistinct)) {
      areIndistinct = true
      continue
    }
    const identities = devices.map(identityOf)
    const touching = groups.filter((group) => identities.some((identity) => group.has(identity)))
    const merged = new Set([...identities, ...touching.flatMap((group) => [...group])])
    groups = [...groups.filter((group) => !touching.includes(group)), merged]
  }
  // It may be any of the others; where there is no other it is one all the same.
  return groups.length === 0 && areIndistinct ? 1 : groups.length
}

/** Kinds of media among these, where they are known. */
export function countMediaTypes(places: readonly PlaceFacts[]): number {
  return new Set(places.flatMap(({ medium }) => (medium === undefined || medium === 'unknown' ? [] : [medium]))).size
}

/** Which disks of a NAS lie behind which of its shares cannot be seen from here: a share is known by its host. Buckets are told apart. */
function identityOf(device: string): string {
  return device.startsWith('s3:') ? device : (device.split('/', 1)[0] ?? device)
}

/** Only a number is known of it, or it is a share of this very machine. */
function isIndistinct(device: string): boolean {
  return device.startsWith('dev:') || device.startsWith('localhost/')
}
