// plugin.json: what the plugin reads to start the bridge and to prove itself. Owns its form and the secret in it; promises that setting
// Safelight up again keeps the secret, so that a running Lightroom stays connected.
import path from 'node:path'
import { z } from 'zod'
import { newToken } from '../server/guard.js'
import { readPrivateJson, writePrivateFile } from './private-file.js'

export interface PluginFile {
  readonly format: 1
  /** 64 hex digits, on every line between plugin and bridge. */
  readonly token: string
  /** Absolute path of Node, absolute path of the program; `bridge …` is appended. */
  readonly command: readonly string[]
  readonly home: string
  readonly version: string
}

const SCHEMA: z.ZodType<PluginFile> = z.object({
  format: z.literal(1),
  token: z.string().regex(/^[0-9a-f]{64}$/),
  command: z.array(z.string()).min(1),
  home: z.string(),
  version: z.string(),
})

export function pluginFile(home: string): string {
  return path.join(home, 'plugin.json')
}

/** undefined when it is absent or is no plugin.json of this format. */
export function readPluginFile(home: string): PluginFile | undefined {
  return SCHEMA.safeParse(readPrivateJson(pluginFile(home))).data
}

/** @throws HOME_UNUSABLE */
export function writePluginFile(home: string, facts: Pick<PluginFile, 'command' | 'version'>): PluginFile {
  const token = readPluginFile(home)?.token ?? newToken()
  const content: PluginFile = { format: 1, token, command: facts.command, home, version: facts.version }
  writePrivateFile(pluginFile(home), `${JSON.stringify(content)}\n`)
  return content
}
