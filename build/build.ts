// What a build does after tsc: packages of many files become one file each, and the program one with its machine code; the Lightroom plugin
// and the status page are made. Each step is a function of the project's root folder and fails with a sentence.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleProgram } from './bundle.js'
import { gatherPackages } from './packages.js'
import { PageBuildError, buildPage } from './page.js'
import { PluginBuildError, buildPlugin } from './plugin.js'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')

try {
  process.stderr.write(`dist/node_modules: ${await gatherPackages(root)} packages\n`)
  process.stderr.write(`dist/helper/main.js: the program in ${inMegabytes(await bundleProgram(root))} MB\n`)
  const { folder, files } = await buildPlugin(root, path.join(root, 'dist', 'Safelight.lrplugin'))
  process.stderr.write(`${path.relative(root, folder)}: ${files.length} files\n`)
  const page = path.join(root, 'dist', 'page')
  const laid = await buildPage(root, page)
  process.stderr.write(`${path.relative(root, page)}: ${laid.length} files\n`)
} catch (error) {
  if (error instanceof PluginBuildError) process.stderr.write(`The Lightroom plugin was not built.\n${error.message}\n`)
  else if (error instanceof PageBuildError) process.stderr.write(`The status page was not built.\n${error.message}\n`)
  else throw error
  process.exitCode = 1
}

function inMegabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}
