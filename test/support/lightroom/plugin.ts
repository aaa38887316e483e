// Where the build put the plugin.
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const PROJECT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../..')
export const PLUGIN = path.join(PROJECT, 'dist', 'Safelight.lrplugin')
