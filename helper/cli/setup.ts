// The set-up without a browser: the same steps and the same words, each of them said with what came of it. Without drives and without --yes it
// opens the set-up page.
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { homeFolder } from '../config.js'
import { describeError, SafelightError } from '../errors.js'
import { startHelper } from '../service/background.js'
import { openInBrowser } from '../service/browser.js'
import { callMethod } from './call.js'
import type { CommonArguments, Run } from './cli.js'
import { pageLink } from './open.js'
import { notEmpty, usageError, type CommandResult } from './output.js'
import { serveCommandFor } from './program.js'
import { version } from './version.js'

interface SetUpArguments extends CommonArguments {
  readonly drive: readonly string[]
  readonly offsite: string | undefined
  readonly endpoint: string | undefined
  readonly region: string | undefined
  readonly profile: string | undefined
  readonly catalog: readonly string[]
  readonly keepDays: number | undefined
  readonly yes: boolean
}

export function setupCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command(
    'setup',
    'choose where the copies go, in your browser; with --yes or --drive right here',
    (command) =>
      command
        .option('drive', {
          type: 'string',
          array: true,
          default: [],
          requiresArg: true,
          describe: 'folder of a drive for copies',
        })
        .option('offsite', { type: 'string', requiresArg: true, describe: 's3://bucket/prefix' })
        .option('endpoint', { type: 'string', requiresArg: true, describe: 'where the bucket’s provider answers' })
        .option('region', { type: 'string', requiresArg: true, describe: 'the bucket’s region' })
        .option('profile', { type: 'string', requiresArg: true, describe: 'AWS profile with the key' })
        .option('catalog', {
          type: 'string',
          array: true,
          default: [],
          requiresArg: true,
          describe: 'a catalog that Lightroom’s preferences do not name',
        })
        .option('keep-days', {
          type: 'number',
          requiresArg: true,
          describe: 'how long earlier contents and removed photos are kept; 0: for ever, which is the default',
        })
        .option('yes', { type: 'boolean', default: false, describe: 'ask nothing; plugin and start at login too' }),
    (args) => run(setUp(args)),
  )
}

/** What `npm start` and the packaged program do when they are given nothing. */
export async function openSetUp(common: CommonArguments): Promise<CommandResult> {
  const url = await pageLink(homeFolder(common.home))
  const isOpen = await openInBrowser(url)
  const summary = isOpen
    ? 'Safelight is running; its page is open in your browser.'
    : 'Safelight is running. Open its page once, within a minute, at the address below.'
  return { outcome: { ok: true, exitCode: 0, summary, ...{ url } }, lines: isOpen ? [] : [url] }
}

async function setUp(args: SetUpArguments): Promise<CommandResult> {
  const isAsked = args.drive.length > 0 || args.offsite !== undefined || args.catalog.length > 0
  if (!args.yes && !isAsked && args.keepDays === undefined) return openSetUp(args)
  const keepDays = args.keepDays === undefined ? undefined : daysToKeep(args.keepDays)
  const home = homeFolder(args.home)
  await startHelper({ home, command: serveCommandFor(home), caller: { client: 'cli', version } })
  const steps = new Steps()
  for (const drive of args.drive) await steps.take(`Drive ${drive}`, () => addDrive(args, drive))
  if (args.offsite !== undefined)
    await steps.take(`Off-site ${args.offsite}`, () => addBucket(args, args.offsite ?? ''))
  if (keepDays !== undefined)
    await steps.take('Keeping', async () => (await callMethod(args, 'setup/keep', { days: keepDays })).summary)
  if (args.yes) await installAll(args, steps)
  const { catalogs } = await callMethod(args, 'setup/look', {})
  for (const catalog of [...new Set([...args.catalog.map((each) => resolve(each)), ...catalogs])])
    await steps.take(`Catalog ${catalog}`, async () => (await callMethod(args, 'catalog/backup', { catalog })).summary)
  const [first] = args.drive
  if (first !== undefined)
    await steps.take('Live proof', async () => {
      const { ok, summary } = await callMethod(args, 'setup/prove', { path: resolve(first) })
      if (!ok) throw new SafelightError('COPY_DIFFERS', { message: summary, remedy: 'Use another drive.' })
      return summary
    })
  return steps.result()
}

function daysToKeep(days: number): number {
  if (Number.isSafeInteger(days) && days >= 0 && days <= 36_500) return days
  throw usageError('--keep-days is a whole number of days; 0 is for ever.')
}

async function addDrive(common: CommonArguments, drive: string): Promise<string> {
  return (await callMethod(common, 'place/add', { path: resolve(notEmpty('The folder of the drive', drive)) })).summary
}

async function addBucket(args: SetUpArguments, url: string): Promise<string> {
  const { endpoint, region, profile } = args
  const bucket = {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    ...(args.yes ? { yes: true } : {}),
  }
  return (await callMethod(args, 'place/add', { path: url, bucket })).summary
}

/** Where there is no Lightroom there is nothing to install a plugin into, and that is no failure. */
async function installAll(args: SetUpArguments, steps: Steps): Promise<void> {
  const { plugin } = await callMethod(args, 'setup/look', {})
  const done = await callMethod(args, 'setup/install', { plugin: plugin !== 'no Lightroom', service: true })
  for (const { what, ok, detail } of done.steps)
    await steps.take(what, () =>
      ok
        ? Promise.resolve(detail)
        : Promise.reject(new SafelightError('HOME_UNUSABLE', { message: detail, remedy: '' })),
    )
}

class Steps {
  readonly #done: { readonly what: string; readonly ok: boolean; readonly detail: string }[] = []
  #exitCode = 0

  /** One that fails is told and does not keep the next from its turn. */
  async take(what: string, act: () => Promise<string>): Promise<void> {
    try {
      this.#done.push({ what, ok: true, detail: await act() })
    } catch (error) {
      const known = error instanceof SafelightError ? error : undefined
      const detail = known ? `${known.message} ${known.remedy}`.trim() : describeError(error)
      this.#done.push({ what, ok: false, detail })
      if (this.#exitCode === 0) this.#exitCode = known?.exitCode ?? 1
    }
  }

  result(): CommandResult {
    const failed = this.#done.filter(({ ok }) => !ok).length
    const summary =
      failed === 0
        ? 'Safelight is set up. Import in Lightroom as ever; "safelight open" shows how things stand.'
        : `Safelight is running; ${failed} of ${this.#done.length} steps could not be done, as said below.`
    return {
      outcome: { ok: failed === 0, exitCode: this.#exitCode, summary, ...{ steps: this.#done } },
      lines: this.#done.map(({ what, ok, detail }) => `  ${ok ? 'done  ' : 'FAILED'}  ${what}: ${detail}`),
    }
  }
}
