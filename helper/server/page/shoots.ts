// Asking for shoots a page at a time, with what is missing for each. A shoot that is owed photos is as bad as the status says, whatever its
// copies look like: the two answers are put together here, and the graver one is shown.
import type { Shoot, StatusResult } from '../../../shared/methods.js'
import type { Store } from './state.js'

export interface ShootRow extends Shoot {
  readonly missing: readonly string[]
}

export interface ShootPage {
  readonly total: number
  readonly shoots: readonly ShootRow[]
}

export interface ShootQuestion {
  readonly from: number
  readonly limit: number
  readonly search?: string
  readonly onlyOpen?: boolean
  /** This one shoot. */
  readonly shoot?: string
}

export async function askShoots({ wire, status }: Store, question: ShootQuestion): Promise<ShootPage> {
  const { from, limit, search, onlyOpen = false, shoot } = question
  const list = await wire.call('shoots/list', {
    offset: from,
    limit,
    ...(search === undefined ? {} : { search }),
    ...(shoot === undefined ? {} : { shoot }),
    ...(onlyOpen ? { onlyOpen } : {}),
  })
  const shoots = list.shoots.map((each) => withStatus(each, status?.value))
  return { total: list.total ?? shoots.length, shoots }
}

const GRAVITY = ['protected', 'partly', 'unknown', 'at-risk']

function withStatus(shoot: Shoot, status: StatusResult | undefined): ShootRow {
  const open = status?.notProtected.find(({ id }) => id === shoot.id)
  const missing = open?.missing ?? shoot.missing ?? []
  const isGraver = open !== undefined && GRAVITY.indexOf(open.verdict) > GRAVITY.indexOf(shoot.verdict)
  return { ...shoot, missing, verdict: isGraver ? open.verdict : shoot.verdict }
}
