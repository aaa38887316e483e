// Builds Safelight.lrplugin: TypeScript from lrplugin/ and shared/ becomes Lua 5.1, one self-contained file per entry script, in one flat
// folder with a fixed list of names (Lightroom sees no new name before it is restarted). It promises that what it leaves behind loads in a
// real Lua 5.1 and uses nothing that Lightroom's sandbox lacks; otherwise it fails and leaves the earlier build alone.
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import ts from 'typescript'
import * as tstl from 'typescript-to-lua'
import { lintPluginSources } from './plugin-lint.js'
import { checkLua } from './plugin-lua.js'

/** Every file of the plugin, in the order of Info. A name may be added only together with the remark in docs that an update needs a restart. */
export const ENTRY_SCRIPTS = [
  'Info',
  'Init',
  'Shutdown',
  'MenuRestore',
  'MenuProtectSelection',
  'MenuStatus',
  'MenuCheckCatalog',
  'MenuOpenPage',
  'PluginManager',
  'Metadata',
] as const

/** The plugin cannot be built; the message names files and lines, for whoever changed them. */
export class PluginBuildError extends Error {}

export interface BuiltPlugin {
  readonly folder: string
  readonly files: readonly string[]
}

/** @param root  the project's folder
 *  @param folder  where the plugin is laid; replaced only when all of it passed */
export async function buildPlugin(root: string, folder: string): Promise<BuiltPlugin> {
  const options = await compilerOptions(root)
  const entries = ENTRY_SCRIPTS.map((name) => path.join(root, 'lrplugin', `${name}.ts`))
  const program = ts.createProgram({ rootNames: [...entries, ...typings(root)], options })
  const ours = sourcesOf(program, root)
  refuse(ts.getPreEmitDiagnostics(program))
  refuseTexts(lintPluginSources(ours, root))

  const files: { name: string; text: string }[] = []
  for (const script of ENTRY_SCRIPTS) {
    const text = emitBundle(root, script, options, program)
    const problems = await checkLua(`${script}.lua`, text, script === 'Info' ? 'manifest' : 'script')
    refuseTexts(problems)
    files.push({ name: `${script}.lua`, text })
  }
  await checkVersion(root, files[0]?.text ?? '')
  await lay(folder, files)
  return { folder, files: files.map(({ name }) => name) }
}

async function compilerOptions(root: string): Promise<tstl.CompilerOptions> {
  const file = path.join(root, 'lrplugin', 'tsconfig.json')
  const { config, error } = ts.parseConfigFileTextToJson(file, await readFile(file, 'utf8')) as {
    config: unknown
    error?: ts.Diagnostic
  }
  if (error) refuse([error])
  const parsed = ts.parseJsonConfigFileContent(config, ts.sys, path.dirname(file))
  refuse(parsed.errors)
  return {
    ...parsed.options,
    rootDir: root,
    luaTarget: tstl.LuaTarget.Lua51,
    luaLibImport: tstl.LuaLibImportKind.RequireMinimal,
    noImplicitSelf: true,
    noHeader: true,
    sourceMapTraceback: false,
    luaPlugins: [{ plugin: { moduleResolution: resolveModule } }],
  }
}

/** Imports are written with Node's `.js` ending, which the translator would take for a folder. */
function resolveModule(identifier: string, requiringFile: string): string | undefined {
  if (!identifier.endsWith('.js')) return undefined
  return path.resolve(path.dirname(requiringFile), identifier.replace(/\.js$/, '.ts'))
}

function typings(root: string): string[] {
  return ts.sys.readDirectory(path.join(root, 'lrplugin', 'sdk'), ['.d.ts'])
}

function sourcesOf(program: ts.Program, root: string): ts.SourceFile[] {
  const folders = [path.join(root, 'lrplugin'), path.join(root, 'shared')].map((folder) => `${folder}${path.sep}`)
  return program
    .getSourceFiles()
    .filter((file) => folders.some((folder) => path.resolve(file.fileName).startsWith(folder)))
    .filter((file) => !file.isDeclarationFile)
}

function emitBundle(root: string, script: string, options: tstl.CompilerOptions, whole: ts.Program): string {
  const entry = path.join(root, 'lrplugin', `${script}.ts`)
  const bundled: tstl.CompilerOptions =
    script === 'Info' ? options : { ...options, luaBundle: `${script}.lua`, luaBundleEntry: entry }
  return emit([entry, ...typings(root)], `${script}.lua`, bundled, whole)
}

/** One module and all it imports as Lua whose chunk returns the module's exports; for tests of what both sides share.
 *  @param entry  path from the project's folder, with its `.ts` */
export async function translateModule(root: string, entry: string): Promise<string> {
  const file = path.join(root, entry)
  const options = { ...(await compilerOptions(root)), luaBundle: 'module.lua', luaBundleEntry: file }
  return emit([file, ...typings(root)], 'module.lua', options)
}

/** @param whole  a program whose source files are used again instead of being parsed once more */
function emit(rootNames: readonly string[], name: string, options: tstl.CompilerOptions, whole?: ts.Program): string {
  const host = ts.createCompilerHost(options)
  const read = host.getSourceFile.bind(host)
  host.getSourceFile = (file, ...rest) => whole?.getSourceFile(file) ?? read(file, ...rest)
  const program = ts.createProgram({ rootNames, options, host })
  let text: string | undefined
  const { diagnostics } = new tstl.Transpiler().emit({
    program,
    writeFile: (file, content) => {
      if (path.basename(file) === name) text = content
    },
  })
  refuse(diagnostics)
  if (text === undefined) throw new PluginBuildError(`${name}: the translator wrote no such file`)
  return text
}

/** What Lightroom shows as the plugin's version must be the project's. */
async function checkVersion(root: string, info: string): Promise<void> {
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as { version: string }
  const shown = /display = "([^"]*)"/.exec(info)?.[1]
  if (shown !== version)
    throw new PluginBuildError(`Info.ts says version ${shown ?? 'nothing'}, package.json ${version}`)
  const own = /PLUGIN_VERSION = '([^']*)'/.exec(await readFile(path.join(root, 'lrplugin', 'version.ts'), 'utf8'))?.[1]
  if (own !== version) throw new PluginBuildError(`version.ts says ${own ?? 'nothing'}, package.json ${version}`)
}

async function lay(folder: string, files: readonly { name: string; text: string }[]): Promise<void> {
  const building = `${folder}.building`
  await rm(building, { recursive: true, force: true })
  await mkdir(building, { recursive: true })
  for (const { name, text } of files) await writeFile(path.join(building, name), text)
  await rm(folder, { recursive: true, force: true })
  await rename(building, folder)
}

function refuse(diagnostics: readonly ts.Diagnostic[]): void {
  const errors = diagnostics.filter(({ category }) => category === ts.DiagnosticCategory.Error)
  refuseTexts(
    errors.map((error) => {
      const text = ts.flattenDiagnosticMessageText(error.messageText, '\n')
      if (!error.file) return text
      const { line } = error.file.getLineAndCharacterOfPosition(error.start ?? 0)
      return `${path.basename(error.file.fileName)}:${line + 1}: ${text}`
    }),
  )
}

function refuseTexts(problems: readonly string[]): void {
  if (problems.length > 0) throw new PluginBuildError(problems.join('\n'))
}
