// Finds and reads plugin.json, which the helper writes for us: how the bridge is started, and the token that every line carries. The file is
// the user's own and readable by no one else, so only the user's own folders are looked at.
import { decodeJson, isJsonObject } from '../shared/json.js'
import type { LinkProblem } from '../shared/words.js'

const LrFileUtils = lightroom('LrFileUtils')
const LrPathUtils = lightroom('LrPathUtils')
const LrPrefs = lightroom('LrPrefs')

export interface PluginSettings {
  readonly token: string
  /** Absolute path of Node, absolute path of the program. */
  readonly command: readonly string[]
  readonly home: string
  readonly version: string
}

/** The only layout of plugin.json that this plugin reads. */
const FORMAT = 1
const TOKEN_LENGTH = 64

export function readSettings(): PluginSettings | LinkProblem {
  const text = LrFileUtils.readFile(LrPathUtils.child(homeFolder(), 'plugin.json'))
  if (text === undefined) return 'not-installed'
  const decoded = decodeJson(text)
  if (!decoded.ok || !isJsonObject(decoded.value)) return 'settings-unreadable'
  const { format, token, command, home, version } = decoded.value
  if (typeof format === 'number' && format > FORMAT) return 'settings-too-new'
  if (format !== FORMAT || typeof token !== 'string' || token.length !== TOKEN_LENGTH) return 'settings-unreadable'
  if (typeof home !== 'string' || typeof version !== 'string') return 'settings-unreadable'
  if (typeof command !== 'object' || command === undefined) return 'settings-unreadable'
  const parts = command as readonly unknown[]
  if (parts.length === 0) return 'settings-unreadable'
  for (const part of parts) if (typeof part !== 'string') return 'settings-unreadable'
  const launch = parts as readonly string[]
  for (const part of launch) if (LrFileUtils.exists(part) !== 'file') return 'moved'
  return { token, command: launch, home, version }
}

/** SAFELIGHT_HOME as Lightroom can know it: it has no environment variables. */
export function homeFolder(): string {
  const chosen = LrPrefs.prefsForPlugin().home
  if (typeof chosen === 'string' && chosen !== '') return chosen
  let folder = LrPathUtils.getStandardFilePath('home') ?? ''
  for (const name of WIN_ENV === true ? ['AppData', 'Roaming'] : ['Library', 'Application Support'])
    folder = LrPathUtils.child(folder, name)
  return LrPathUtils.child(folder, 'Safelight')
}
