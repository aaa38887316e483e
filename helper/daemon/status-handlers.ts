// The methods that answer "what is safe?", and the two things that only the user can say to it.
import type { Handlers } from '../server/handlers.js'
import { accept } from '../status/accept.js'
import { photoStates } from '../status/photo-states.js'
import { statusReport } from '../status/report.js'
import { listShootsReport } from '../status/shoots.js'
import { fileStory } from '../status/story.js'
import type { StatusResult } from '../../shared/methods.js'
import type { Workshop } from './workshop.js'

export function statusHandlers(
  shop: Workshop,
): Pick<Handlers, 'shoots/list' | 'status/get' | 'file/story' | 'photos/states' | 'status/accept'> {
  return {
    'shoots/list': (params) => Promise.resolve(listShootsReport(shop, params)),
    'status/get': async ({ shoot }) => {
      await shop.drivesAnswer()
      return statusOf(shop, shoot)
    },
    'file/story': ({ shoot, file }) => Promise.resolve(fileStory(shop, shoot, file)),
    'photos/states': (params) => Promise.resolve(photoStates(shop, params)),
    'status/accept': ({ what }) => Promise.resolve(accept(shop, what)),
  }
}

export function statusOf(shop: Workshop, shoot?: string): StatusResult {
  return statusReport(shop, {
    helper: shop.helper,
    silentMs: shop.silentMs(),
    ...(shoot === undefined ? {} : { shoot }),
  })
}
