// The method that asks, before it is too late, whether a card may be formatted.
import { checkCard } from '../card/card.js'
import type { Handlers } from '../server/handlers.js'
import type { Workshop } from './workshop.js'

export function cardHandlers(shop: Workshop): Pick<Handlers, 'card/check'> {
  return {
    'card/check': (params, { signal, progress }) =>
      shop.withEngine((deps) => checkCard(deps, params, shop.policy(), signal, (each) => progress(each))),
  }
}
