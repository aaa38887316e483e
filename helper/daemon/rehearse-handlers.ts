// The methods that ask before it is too late: whether a card may be formatted, and whether a restore would work.
import { checkCard } from '../card/card.js'
import type { Handlers } from '../server/handlers.js'
import type { Workshop } from './workshop.js'

export function rehearseHandlers(shop: Workshop): Partial<Handlers> {
  return {
    'card/check': (params, { signal, progress }) =>
      shop.withEngine((deps) => checkCard(deps, params, shop.policy(), signal, (each) => progress(each))),
  }
}
