// The methods that answer "what is safe?", and the two things that only the user can say to it.
import { readConfig } from '../config.js'
import { noteClock } from '../journal/rehearsals.js'
import type { Handlers } from '../server/handlers.js'
import { accept } from '../status/accept.js'
import { leavePages } from '../status/leave-page.js'
import { photoStates } from '../status/photo-states.js'
import { CLOCK_TOLERANCE_MS } from '../status/policy.js'
import { statusReport } from '../status/report.js'
import { listShootsReport } from '../status/shoots.js'
import { fileStory } from '../status/story.js'
import { StatusWatch, type WatchDeps, type WatchTimes } from '../status/watch.js'
import type { StatusResult } from '../../shared/methods.js'
import type { Workshop } from './workshop.js'

export function statusHandlers(shop: Workshop): Partial<Handlers> {
  return {
    'shoots/list': (params) => Promise.resolve(listShootsReport(shop, params)),
    'status/get': ({ shoot }) => Promise.resolve(statusOf(shop, shoot)),
    'file/story': ({ shoot, file }) => Promise.resolve(fileStory(shop, shoot, file)),
    'photos/states': (params) => Promise.resolve(photoStates(shop, params)),
    'status/accept': ({ what }) => Promise.resolve(accept(shop, what)),
  }
}

function statusOf(shop: Workshop, shoot?: string): StatusResult {
  return statusReport(shop, {
    helper: shop.helper,
    silentMs: shop.silentMs(),
    ...(shoot === undefined ? {} : { shoot }),
  })
}

/** Begins to tell what is to be told, with nobody asking. */
export function startWatch(shop: Workshop, onFault: WatchDeps['onFault'], times?: WatchTimes): StatusWatch {
  const watch = new StatusWatch(
    {
      files: shop.files,
      journal: shop.journal,
      volumes: shop.volumes,
      clock: shop.clock,
      home: shop.home,
      policy: () => shop.policy(),
      status: () => statusOf(shop),
      config: () => readConfig(shop.home).notify,
      broadcast: (kind, message) => shop.announce(kind, message),
      onFault,
    },
    times,
  )
  shop.silentMs = () => watch.silentNow()
  watch.start()
  return watch
}

/** What changes the truth of the page on the drives. */
const CHANGING = [
  'backup/run',
  'verify/run',
  'heal/run',
  'rebuild/run',
  'catalog/backup',
  'place/add',
  'prune/run',
] as const

/** For a command that works alone: after each run the clock is noted and the page on the drives is left anew. */
export function leavingPages(shop: Workshop, handlers: Partial<Handlers>): Partial<Handlers> {
  const wrapped = CHANGING.flatMap((method) => {
    const handler = handlers[method] as ((params: unknown, context: unknown) => Promise<unknown>) | undefined
    if (!handler) return []
    const run = async (params: unknown, context: unknown): Promise<unknown> => {
      try {
        return await handler(params, context)
      } finally {
        leaveNow(shop)
      }
    }
    return [[method, run] as const]
  })
  return { ...handlers, ...(Object.fromEntries(wrapped) as Partial<Handlers>) }
}

function leaveNow(shop: Workshop): void {
  noteClock(shop.journal, shop.clock(), CLOCK_TOLERANCE_MS)
  for (const { message } of leavePages(shop, statusOf(shop))) process.stderr.write(`${message}\n`)
}
