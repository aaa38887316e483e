// What a build does after tsc: packages of many files become one file each, and the Lightroom plugin is made. Each step is a function of the project's root folder and fails with a sentence.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { gatherPackages } from './packages.js'
import { PluginBuildError, buildPlugin } from './plugin.js'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')

try {
  process.stderr.write(`dist/node_modules: ${await gatherPackages(root)} packages\n`)
  const { folder, files } = await buildPlugin(root, path.join(root, 'dist', 'Safelight.lrplugin'))
  process.stderr.write(`${path.relative(root, folder)}: ${files.length} files\n`)
} catch (error) {
  if (!(error instanceof PluginBuildError)) throw error
  process.stderr.write(`The Lightroom plugin was not built.\n${error.message}\n`)
  process.exitCode = 1
}
