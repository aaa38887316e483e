// The methods that answer "what is safe?", and the two things that only the user can say to it.
import type { Handlers } from '../server/handlers.js'
import { accept } from '../status/accept.js'
import { photoStates } from '../status/photo-states.js'
import { statusReport } from '../status/report.js'
import { listShootsReport } from '../status/shoots.js'
import { fileStory } from '../status/story.js'
import type { Workshop } from './workshop.js'

export function statusHandlers(shop: Workshop): Partial<Handlers> {
  return {
    'shoots/list': (params) => Promise.resolve(listShootsReport(shop, params)),
    'status/get': ({ shoot }) =>
      Promise.resolve(statusReport(shop, { helper: shop.helper, ...(shoot === undefined ? {} : { shoot }) })),
    'file/story': ({ shoot, file }) => Promise.resolve(fileStory(shop, shoot, file)),
    'photos/states': (params) => Promise.resolve(photoStates(shop, params)),
    'status/accept': ({ what }) => Promise.resolve(accept(shop, what)),
  }
}
