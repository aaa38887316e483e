// What the marker of a bucket says that was wished for when the place was added, read by a rebuild: whether it is encrypted and for whom, whether
// names are hidden, how long copies are locked.
import { z } from 'zod'
import { SafelightError } from '../errors.js'
import type { PlaceRow } from '../journal/places.js'
import { unwrapNameKey } from '../offsite/hidden-names.js'
import { NAME_KEY_FILE } from '../offsite/names.js'
import type { ObjectStore } from '../offsite/object-store.js'
import { readSettings } from '../offsite/settings.js'
import { textAt } from '../offsite/text-at.js'
import { parseJson } from '../parse-json.js'

/** What was wished for, as the marker says it. A lock of more than ten years was not wished for by a person. That a place is encrypted is
 *  never passed over: what is sent there later would lie there for all to read. */
const Wishes = z.object({
  encryption: z
    .object({ recipients: z.array(z.string()).min(2), hiddenNames: z.literal(NAME_KEY_FILE).optional() })
    .optional(),
  lock: z
    .object({ mode: z.enum(['GOVERNANCE', 'COMPLIANCE']), days: z.int().min(1).max(3650) })
    .optional()
    .catch(undefined),
  storageClass: z
    .string()
    .regex(/^[A-Z0-9_]{1,40}$/)
    .optional()
    .catch(undefined),
})

export type Wishes = z.infer<typeof Wishes>

/** @param own  `<prefix>/<machine id>/`
 *  @throws OFFSITE_FOREIGN when it cannot be told whether the place is encrypted */
export async function wishesOf(store: ObjectStore, own: string, signal: AbortSignal): Promise<Wishes> {
  const key = `${own}place.json`
  const said = Wishes.safeParse(parseJson((await textAt(store, key, signal)) ?? ''))
  if (said.success) return said.data
  throw new SafelightError('OFFSITE_FOREIGN', {
    message: `${key} says how this place is encrypted, and cannot be understood. Nothing was learned.`,
    remedy: 'Put the right place.json back (an earlier version of the object, perhaps).',
    cause: said.error,
  })
}

/** Of a place that hides its names, with the key to them.
 *  @param own  `<prefix>/<machine id>/`
 *  @param identity  one that opens what is encrypted there
 *  @throws OFFSITE_DENIED when that key is not there, or cannot be read */
export async function withNameKey(
  row: PlaceRow,
  own: string,
  { encryption }: Wishes,
  store: ObjectStore,
  identity: string | undefined,
  signal: AbortSignal,
): Promise<PlaceRow> {
  const key = `${own}${NAME_KEY_FILE}`
  if (encryption?.hiddenNames === undefined || identity === undefined || readSettings(row).nameKey !== undefined)
    return row
  const nameKey = await unwrapNameKey((await textAt(store, key, signal)) ?? '', identity)
  if (nameKey === undefined)
    throw new SafelightError('OFFSITE_DENIED', {
      message: `The names in "${row.name}" are hidden, and ${key}, which opens them, is not there or cannot be read. Nothing was learned.`,
      remedy: 'Put an earlier version of that object back; the provider’s page shows it under "all versions".',
    })
  return { ...row, settings: { ...row.settings, nameKey } }
}
