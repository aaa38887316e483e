// What a store does when it is asked plainly: some eighty questions whose answers are short words. `aws` is the answer of AWS's
// documentation; where another store is known to answer differently, that is written beside it. The list is run against the double in each
// of its habits and against Ceph, and each must answer as written: so the double can only claim of Ceph what Ceph does.
import { INTEGRITY_CHECKS } from './checks/integrity.js'
import { LIST_CHECKS } from './checks/listings.js'
import { LOCK_CHECKS } from './checks/locks.js'
import { MULTIPART_CHECKS } from './checks/multipart.js'
import { PLAIN_CHECKS } from './checks/objects.js'
import { VERSION_CHECKS } from './checks/versions.js'
import type { Check } from './checks/common.js'

export type { Check, CheckContext } from './checks/common.js'

export const CHECKS: readonly Check[] = [
  ...PLAIN_CHECKS,
  ...LIST_CHECKS,
  ...INTEGRITY_CHECKS,
  ...MULTIPART_CHECKS,
  ...VERSION_CHECKS,
  ...LOCK_CHECKS,
]
