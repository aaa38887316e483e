// The commands of a HOW-TO-RESTORE.txt, filled in as a person would, and run by a plain shell.
import fs from 'node:fs'
import path from 'node:path'
import { execa } from 'execa'

/** @param filledIn  `<shoot>` and the like → what stands for it
 *  @returns the indented lines */
export function commandsOf(page: string, where: string, filledIn: Readonly<Record<string, string>>): string[] {
  return Object.entries({ '/where/you/want/it': where, ...filledIn })
    .reduce((text, [name, value]) => text.replaceAll(name, value), page)
    .split('\n')
    .filter((line) => line.startsWith('     '))
    .map((line) => line.trim())
}

/** Unpacks a catalog by the page's commands, in a folder that holds `Catalogs/`; the newest backup of it, with its data. */
export async function unpackCatalog(page: string, folder: string, where: string, catalog: string): Promise<void> {
  const backups = path.join(folder, 'Catalogs', catalog)
  const date = fs
    .readdirSync(backups)
    .filter((name) => fs.existsSync(path.join(backups, name, 'catalog.json')))
    .sort()
    .at(-1)
  if (date === undefined) throw new Error(`no backup of ${catalog} in ${folder}`)
  const { data = [] } = JSON.parse(fs.readFileSync(path.join(backups, date, 'catalog.json'), 'utf8')) as {
    data?: readonly { readonly name: string; readonly storedAs: string }[]
  }
  const commands = (more: Record<string, string> = {}): string[] =>
    commandsOf(page, where, { '<catalog>': catalog, '<date>': date, ...more })
  const pick = (lines: readonly string[], start: string): string => {
    const found = lines.find((line) => line.startsWith(start))
    if (found === undefined) throw new Error(`the page has no "${start}…"`)
    return found
  }
  const run = (command: string) => execa('sh', ['-ec', command], { cwd: folder })
  await run(pick(commands(), 'gunzip'))
  for (const { name, storedAs } of data) {
    const lines = commands({ '<name>': name, '<storedAs>': storedAs })
    await run(pick(lines, 'mkdir -p'))
    await run(pick(lines, 'cp -p'))
  }
}
