// For a command that works alone: after each run that changes the truth of the page on the drives, the clock is noted and the page left anew.
import { noteClock } from '../journal/rehearsals.js'
import { lazily } from '../lazily.js'
import type { Handlers } from '../server/handlers.js'
import { CLOCK_TOLERANCE_MS } from '../status/policy.js'
import { around } from './around.js'
import type { Workshop } from './workshop.js'

const leaving = lazily(() => import('../status/leave-page.js'))
const reporting = lazily(() => import('./status-handlers.js'))

const CHANGING = [
  'backup/run',
  'verify/run',
  'heal/run',
  'rebuild/run',
  'catalog/backup',
  'place/add',
  'prune/run',
] as const

export function leavingPages(shop: Workshop, handlers: Partial<Handlers>): Partial<Handlers> {
  return around(CHANGING, handlers, async (run) => {
    try {
      return await run()
    } finally {
      await leaveNow(shop)
    }
  })
}

async function leaveNow(shop: Workshop): Promise<void> {
  const [{ leavePages }, { statusOf }] = await Promise.all([leaving(), reporting()])
  noteClock(shop.journal, shop.clock(), CLOCK_TOLERANCE_MS)
  for (const { message } of leavePages(shop, statusOf(shop))) process.stderr.write(`${message}\n`)
}
