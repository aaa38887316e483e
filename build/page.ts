// Builds the status page: types checked, then one script and one style sheet, the same bytes from the same sources. What is built asks
// nothing of anywhere else; a policy sent with the page forbids it, and a test looks.
import { copyFile, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'esbuild'
import ts from 'typescript'

/** The page cannot be built; the message names files and lines. */
export class PageBuildError extends Error {}

/** @param root  the project's folder
 *  @param folder  where the page is laid */
export async function buildPage(root: string, folder: string): Promise<readonly string[]> {
  const source = path.join(root, 'helper', 'server', 'page')
  refuseTypeErrors(source)
  await mkdir(folder, { recursive: true })
  await build({
    entryPoints: [path.join(source, 'main.tsx')],
    outfile: path.join(folder, 'page.js'),
    bundle: true,
    format: 'esm',
    target: ['es2022', 'safari16'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    legalComments: 'none',
    charset: 'utf8',
    logLevel: 'silent',
    absWorkingDir: root,
  })
  for (const name of ['index.html', 'page.css', 'icon.svg'])
    await copyFile(path.join(source, name), path.join(folder, name))
  return ['index.html', 'page.js', 'page.css', 'icon.svg']
}

function refuseTypeErrors(source: string): void {
  const file = path.join(source, 'tsconfig.json')
  const parsed = ts.getParsedCommandLineOfConfigFile(
    file,
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: refuse },
  )
  if (parsed === undefined) throw new PageBuildError(`${file} cannot be read.`)
  const program = ts.createProgram({ rootNames: parsed.fileNames, options: parsed.options })
  for (const diagnostic of [...parsed.errors, ...ts.getPreEmitDiagnostics(program)]) refuse(diagnostic)
}

function refuse(diagnostic: ts.Diagnostic): never {
  const host = { getCanonicalFileName: (name: string) => name, getCurrentDirectory: () => '', getNewLine: () => '\n' }
  throw new PageBuildError(ts.formatDiagnostic(diagnostic, host).trim())
}
