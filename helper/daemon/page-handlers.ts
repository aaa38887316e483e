// What only the page asks for: single files, by what a person remembers of them.
import type { Handlers } from '../server/handlers.js'
import { findFiles } from '../status/find-files.js'
import type { Workshop } from './workshop.js'

export function pageHandlers(shop: Workshop): Pick<Handlers, 'files/find'> {
  return { 'files/find': ({ text }) => Promise.resolve(findFiles(shop.journal, text)) }
}
