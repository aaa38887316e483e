// For whom a bucket that is being added encrypts, and whether it hides names: from its beginning or not at all.
import { SafelightError } from '../errors.js'
import type { PlaceRow } from '../journal/places.js'
import type { Marker } from '../place/marker.js'
import type { AddBucketRequest } from './add-bucket.js'
import { ensureMachineKey } from './age-keys.js'
import { generateAgeKey } from './encryption.js'
import { newNameKey } from './hidden-names.js'
import type { OpenBucketDeps } from './open-bucket.js'
import type { BucketSettings } from './settings.js'

export interface Keys {
  readonly recipients?: readonly string[]
  readonly nameKey?: string
  readonly recoveryKey?: string
}

/** A place is encrypted from its beginning or not at all: half a tree that a stranger can read would be a promise broken.
 *  @throws USAGE when copies lie there that are not encrypted, or are, and this computer does not know for whom */
export async function keysFor(
  { home }: Pick<OpenBucketDeps, 'home'>,
  request: Pick<AddBucketRequest, 'url' | 'encrypt' | 'hideNames'>,
  known: PlaceRow | undefined,
  before: BucketSettings | undefined,
  marker: Marker | undefined,
): Promise<Keys> {
  const { encrypt = false, hideNames = false } = request
  if (hideNames && before?.recipients && before.nameKey === undefined)
    throw new SafelightError('USAGE', {
      message: `The objects of "${known?.name ?? ''}" have the names of the pictures. It was left as it is.`,
      remedy: 'Add a new prefix with --encrypt --hide-names, and remove this place when everything is there.',
    })
  if (before?.recipients) return { recipients: before.recipients }
  if (marker?.encryption !== undefined)
    throw new SafelightError('USAGE', {
      message: `"${marker.name}" (${request.url}) is encrypted, and this computer does not know for whom. It was left as it is.`,
      remedy: `Learn it from there, with the key that opens it: safelight rebuild --from ${request.url} --recovery-key FILE`,
    })
  if (!encrypt) return {}
  if (marker !== undefined)
    throw new SafelightError('USAGE', {
      message: `${known === undefined ? 'This place' : `"${known.name}"`} holds copies that are not encrypted. It was left as it is.`,
      remedy: 'Add a new prefix with --encrypt, and remove this place when everything is there.',
    })
  const machine = await ensureMachineKey(home)
  const recovery = await generateAgeKey()
  return {
    recipients: [machine.recipient, recovery.recipient],
    recoveryKey: recovery.identity,
    ...(hideNames ? { nameKey: newNameKey() } : {}),
  }
}
