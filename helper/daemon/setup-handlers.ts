// The methods of the set-up. The live proof opens a second, separate Safelight in a scratch home and uses it as anybody would.
import { fileURLToPath } from 'node:url'
import { createRequire } from 'node:module'
import path from 'node:path'
import { SafelightError } from '../errors.js'
import { realFolder } from '../place/places.js'
import type { Handlers, RequestContext } from '../server/handlers.js'
import { keepFor, keptDays } from '../setup/keep.js'
import { proveLive, type OpenScratch, type ProofStep } from '../setup/live-proof.js'
import { recoverySheet } from '../setup/recovery-sheet.js'
import { install, lookAround, type Installation } from '../setup/set-up.js'
import { placesReport } from '../status/place-report.js'
import type { Result } from '../../shared/methods.js'
import type { Workshop } from './workshop.js'

export function setUpHandlers(
  shop: Workshop,
  openScratch: OpenScratch,
): Pick<Handlers, 'setup/look' | 'setup/keep' | 'setup/install' | 'setup/prove' | 'setup/sheet'> {
  return {
    'setup/look': async () => {
      const keepDays = keptDays(shop.home)
      return { ...(await lookAround(shop, installation())), ...(keepDays === undefined ? {} : { keepDays }) }
    },
    'setup/keep': ({ days }) => {
      keepFor(shop.home, days)
      const kept = days === 0 ? 'for ever' : `for ${days} days`
      const summary = `Earlier contents, and copies of photos that you remove, are kept ${kept}. The last copy of a photo that you have is never deleted.`
      return Promise.resolve({ ok: true, exitCode: 0, summary })
    },
    'setup/install': (wish) => install(shop.home, installation(), wish),
    'setup/prove': ({ path: typed }, context) => prove(shop, typed, openScratch, context),
    'setup/sheet': () =>
      Promise.resolve({
        text: recoverySheet({
          places: placesReport(shop),
          printedAt: new Date(shop.clock()).toISOString(),
          version: installation().version,
        }),
      }),
  }
}

/** This very program: where it lies is the same whether it was built or unpacked. */
function installation(): Installation {
  const dist = fileURLToPath(new URL('../../', import.meta.url))
  const { version } = createRequire(import.meta.url)('../../../package.json') as { readonly version: string }
  return {
    command: [process.execPath, path.join(dist, 'helper', 'main.js')],
    plugin: path.join(dist, 'Safelight.lrplugin'),
    version,
  }
}

const STEPS = 5

async function prove(
  shop: Workshop,
  typed: string,
  openScratch: OpenScratch,
  context: RequestContext,
): Promise<Result<'setup/prove'>> {
  const folder = realFolder(shop.placeDeps(), typed)
  if (shop.files.stat(folder) === undefined)
    throw new SafelightError('VOLUME_AWAY', {
      message: `There is no folder ${folder} now. Nothing was tried.`,
      remedy: 'Connect the drive and try again.',
    })
  const startedAt = performance.now()
  const tell = (steps: readonly ProofStep[]): void =>
    context.progress({
      stage: steps.at(-1)?.title ?? '',
      filesDone: steps.length,
      filesTotal: STEPS,
      bytesDone: 0,
      bytesTotal: 0,
      bytesPerSecond: 0,
    })
  const steps = await proveLive(folder, openScratch, context, tell)
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10
  const wrong = steps.find(({ ok }) => !ok)
  const exitCode = wrong === undefined ? 0 : 11
  const summary =
    wrong === undefined
      ? `Proven on this drive in ${seconds} seconds: copied, damaged, found, healed, restored.`
      : `The proof failed: ${wrong.title}: ${wrong.detail}. Do not rely on this drive.`
  return { ok: exitCode === 0, exitCode, summary, steps, seconds }
}
