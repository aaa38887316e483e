import type { Argv } from 'yargs'
import { callMethod } from './call.js'
import type { CommonArguments, Run } from './cli.js'
import { findingLines, notEmpty, type CommandResult } from './output.js'

export function drillCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command(
    'drill [shoot]',
    'rehearse a restore: fetch a shoot to a temporary folder, compare every byte, open the pictures, a video and the catalog',
    (command) =>
      command
        .positional('shoot', { type: 'string', describe: 'shoot id; the one drilled longest ago when left out' })
        .option('place', { type: 'string', requiresArg: true, describe: 'only from this place' }),
    ({ shoot, place, json, home }) => run(drill({ json, home }, shoot, place)),
  )
}

async function drill(
  common: CommonArguments,
  shoot: string | undefined,
  place: string | undefined,
): Promise<CommandResult> {
  const outcome = await callMethod(common, 'drill/run', {
    ...(shoot === undefined ? {} : { shoot: notEmpty('The name of a shoot', shoot).replace(/\/+$/, '') }),
    ...(place === undefined ? {} : { place: notEmpty('The name after --place', place) }),
  })
  const { opened, notTried, findings } = outcome
  return {
    outcome,
    lines: [
      '',
      `  Opened     ${opened.raws} raw, ${opened.pictures} other pictures, ${opened.videos} video; edits for ${opened.edits}; catalog ${opened.catalog ?? 'none'}`,
      ...notTried.map((what) => `  Not tried  ${what}`),
      ...findingLines(findings),
    ],
  }
}
