// What a build does after tsc: the Lightroom plugin. Each step is a function of the project's root folder and fails with a sentence.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { PluginBuildError, buildPlugin } from './plugin.js'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')

try {
  const { folder, files } = await buildPlugin(root, path.join(root, 'dist', 'Safelight.lrplugin'))
  process.stderr.write(`${path.relative(root, folder)}: ${files.length} files\n`)
} catch (error) {
  if (!(error instanceof PluginBuildError)) throw error
  process.stderr.write(`The Lightroom plugin was not built.\n${error.message}\n`)
  process.exitCode = 1
}
