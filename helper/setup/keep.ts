// The third question of the set-up, how long to keep: the rule of config.json that fits every file. Rules for single shoots and kinds, which a user
// wrote, come before it and stay as they are.
import path from 'node:path'
import { readConfig, type Config } from '../config.js'
import { readPrivateJson, writePrivateFile } from '../service/private-file.js'

type Rule = Config['retention'][number]

/** Days that earlier contents and photos that were removed on purpose are kept; 0: for ever. Undefined when the rules say something that this
 *  question does not ask. */
export function keptDays(home: string): number | undefined {
  const general = readConfig(home).retention.filter(isGeneral)
  const [rule] = general
  if (!rule) return 0
  const { keepEarlierDays, keepDeletedDays } = rule
  return general.length === 1 && keepEarlierDays === keepDeletedDays ? keepEarlierDays : undefined
}

/** @param days  0: for ever
 *  @throws CONFIG_INVALID, HOME_UNUSABLE */
export function keepFor(home: string, days: number): void {
  const { retention } = readConfig(home)
  const special = retention.filter((rule) => !isGeneral(rule))
  const rules: Rule[] = days === 0 ? special : [...special, { keepEarlierDays: days, keepDeletedDays: days }]
  const file = path.join(home, 'config.json')
  const before = readPrivateJson(file) ?? { format: 1 }
  writePrivateFile(file, `${JSON.stringify({ ...before, retention: rules }, null, 2)}\n`)
}

function isGeneral({ shoot, kind }: Rule): boolean {
  return shoot === undefined && kind === undefined
}
