import path from 'node:path'
import type { Argv } from 'yargs'
import { neverOptimize } from '../tier-up.js'
import { callMethod } from './call.js'
import type { CommonArguments, Run } from './cli.js'
import { notEmpty, warningLines, type CommandResult } from './output.js'
import type { CardPolicy, CardResult } from '../../shared/methods.js'

/** From the weakest; the third is the default. */
const POLICIES = ['local-only', 'in-flight', 'confirmed', 'confirmed-locked'] as const

export function cardCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command(
    'card <dir>',
    'may this card be formatted? Reads every file on it, writes nothing to it; exit code 0 only if all of it is proven',
    (command) =>
      command
        .positional('dir', { type: 'string', demandOption: true, describe: 'where the card is mounted' })
        .option('policy', {
          choices: POLICIES,
          default: POLICIES[2],
          describe:
            'how sure to be: two places on two devices (local-only), and sent off-site (in-flight), and confirmed there, and locked there',
        })
        .option('quick', {
          type: 'boolean',
          default: false,
          describe: 'compare names, sizes and dates only: a look, no proof, and never safe',
        }),
    ({ dir, policy, quick, json, home }) => run(card({ json, home }, dir, policy, quick)),
  )
}

async function card(common: CommonArguments, dir: string, policy: CardPolicy, quick: boolean): Promise<CommandResult> {
  neverOptimize()
  const outcome = await callMethod(common, 'card/check', {
    path: path.resolve(notEmpty('The name of the card', dir)),
    policy,
    quick,
  })
  return { outcome, lines: linesOf(outcome) }
}

const FILES_SHOWN = 50

function linesOf({ unsafe, leftOut, shoots, sameAs, readBack, warnings, isQuick }: CardResult): string[] {
  const lines = isQuick ? [] : unsafe.slice(0, FILES_SHOWN).map(({ file, why }) => `  ${file}\n             ${why}`)
  const more = isQuick ? 0 : unsafe.length - lines.length
  const read =
    readBack.cached === 0
      ? `${readBack.direct} read from the device`
      : `${readBack.direct} read from the device, ${readBack.cached} through the system’s cache`
  return [
    ...(lines.length === 0 ? [] : ['', ...lines]),
    ...(more > 0 ? [`  … and ${more} more; --json lists all of them`] : []),
    '',
    ...(isQuick ? [] : [`  Evidence    ${read}`]),
    ...shoots.slice(0, FILES_SHOWN).map(({ id, files }) => `  Belongs to  ${id} (${files})`),
    ...sameAs.map(
      (each) =>
        `  Same as     ${each.card}, checked ${each.checkedAt}: ${each.same} the same, ${each.onlyHere} only here, ${each.onlyThere} only there`,
    ),
    ...(leftOut.length === 0
      ? []
      : [
          `  Not asked   ${leftOut.length} that hold no picture (${leftOut
            .slice(0, 3)
            .map(({ file }) => file)
            .join(', ')}${leftOut.length > 3 ? ' …' : ''})`,
        ]),
    ...warningLines(warnings),
  ]
}
