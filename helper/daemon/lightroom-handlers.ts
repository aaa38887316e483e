// What Lightroom tells: photos that were imported or are to be protected now, and that it has left a catalog. Committed before it is answered;
// the work itself is woken and not waited for.
import { ingest, refuseOddCatalog, type IngestDeps } from '../ingest/ingest.js'
import { catalogAt, noteExit, saveCatalog } from '../journal/wanted.js'
import type { Handlers } from '../server/handlers.js'
import type { Params, Result } from '../../shared/methods.js'
import type { Workshop } from './workshop.js'

export interface LightroomWakes {
  /** Something new is owed. */
  owed(): void
  /** Lightroom has left this catalog, or an unknown one: everything is to be looked at. */
  left(catalog: string | undefined): void
}

export function lightroomHandlers(shop: Workshop, wake: LightroomWakes): Partial<Handlers> {
  return {
    'photos/imported': (params) => {
      const result = ingest(ingestDeps(shop), params, true)
      wake.owed()
      return Promise.resolve(result)
    },
    'photos/protect': (params) => {
      const result = protect(shop, params)
      wake.owed()
      return Promise.resolve(result)
    },
    'lightroom/exiting': ({ catalog }) => Promise.resolve(left(shop, wake, catalog)),
    'lightroom/lost': ({ catalog }) => Promise.resolve(left(shop, wake, catalog)),
    'lightroom/busy': ({ seconds }) => {
      shop.lightroom.note(seconds)
      return Promise.resolve(null)
    },
  }
}

export function ingestDeps({ files, journal, clock, home }: Workshop): IngestDeps {
  const platform = process.platform === 'win32' || process.platform === 'darwin' ? process.platform : 'linux'
  return { files, journal, clock, home, platform }
}

function protect(shop: Workshop, telling: Params<'photos/protect'>): Result<'photos/protect'> {
  const { accepted, refused } = ingest(ingestDeps(shop), telling, false)
  const taken =
    accepted === 0
      ? 'Nothing to protect in this selection.'
      : `${accepted} photo${accepted === 1 ? ' is' : 's are'} being protected now.`
  return {
    accepted,
    refused,
    summary: refused.length === 0 ? taken : `${taken} ${refused.length} could not be taken: ${refused[0]?.why ?? ''}.`,
  }
}

function left(shop: Workshop, wake: LightroomWakes, catalog: string | undefined): null {
  const { journal, clock } = shop
  if (catalog !== undefined) {
    refuseOddCatalog(catalog, ingestDeps(shop).platform)
    journal.transaction(() => {
      saveCatalog(journal, { path: catalog, cursor: 0, roots: catalogAt(journal, catalog)?.roots ?? [] }, clock())
      noteExit(journal, catalog, clock())
    })
  }
  wake.left(catalog)
  return null
}
