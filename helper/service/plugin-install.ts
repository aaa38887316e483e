// The plugin's place in Lightroom: copies Safelight.lrplugin into Lightroom's Modules folder and writes plugin.json. Promises that
// Lightroom never finds half a plugin: the new one is complete and on the disk under a name that Lightroom does not load before it takes
// the place of the old one. A crash between the two renames leaves the old one under such a name; the next install puts it back first.
import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import fs from 'fs-extra'
import { SafelightError, systemCode } from '../errors.js'
import { pluginFile, readPluginFile, writePluginFile } from './plugin-file.js'

export const PLUGIN_NAME = 'Safelight.lrplugin'

export interface InstallOptions {
  /** SAFELIGHT_HOME. */
  readonly home: string
  /** The built plugin: `dist/Safelight.lrplugin`. */
  readonly source: string
  /** Absolute path of Node, absolute path of the program. */
  readonly command: readonly string[]
  readonly version: string
  /** Lightroom's Modules folder; modulesFolder() unless the user names another. */
  readonly modules: string
}

export interface Installed {
  readonly plugin: string
  /** The version that was replaced, if one was. */
  readonly replaced: string | undefined
}

/** Where this machine's Lightroom Classic loads plugins from by itself.
 *  @throws LIGHTROOM_MISSING this is neither macOS nor Windows, or Lightroom was never started here */
export function modulesFolder(
  platform: NodeJS.Platform = process.platform,
  user: { readonly home: string; readonly appData: string | undefined } = {
    home: homedir(),
    appData: process.env['APPDATA'],
  },
): string {
  const adobe = adobeFolder(platform, user)
  // Lightroom makes its folder at its first start and "Modules" only when somebody needs it.
  if (adobe !== undefined && existsSync(adobe)) return path.join(adobe, 'Modules')
  throw new SafelightError('LIGHTROOM_MISSING', {
    message:
      adobe === undefined
        ? 'Lightroom Classic runs on macOS and Windows only, so there is nothing to install the plugin into here. Backups from the command line work without it.'
        : `No Lightroom Classic was found: there is no ${adobe}. The plugin was not installed.`,
    remedy:
      adobe === undefined
        ? 'Use "safelight backup" here, and install the plugin on the computer that runs Lightroom.'
        : 'Start Lightroom Classic once and run "safelight plugin install" again.',
  })
}

/** Where the plugin is, or would be, in that Modules folder. */
export function pluginPath(modules: string): string {
  return path.join(modules, PLUGIN_NAME)
}

/** Copies the plugin and writes plugin.json; the secret of an earlier installation stays.
 *  @throws LIGHTROOM_MISSING, HOME_UNUSABLE, CONFIG_INVALID the built plugin is not there */
export function installPlugin(options: InstallOptions): Installed {
  const { home, source, command, version, modules } = options
  if (!existsSync(path.join(source, 'Info.lua')))
    throw new SafelightError('CONFIG_INVALID', {
      message: `This Safelight came without its Lightroom plugin: there is no ${path.join(source, 'Info.lua')}.`,
      remedy: 'Run "npm run build", or install Safelight again.',
    })
  const replaced = readPluginFile(home)?.version
  writePluginFile(home, { command, version })
  const plugin = pluginPath(modules)
  const isThere = existsSync(plugin)
  try {
    replaceFolder(source, plugin)
  } catch (error) {
    throw notWritable(modules, error)
  }
  return { plugin, replaced: isThere ? (replaced ?? 'unknown') : undefined }
}

/** Takes the plugin out of Lightroom and removes plugin.json. @returns whether there was a plugin */
export function uninstallPlugin({ home, modules }: Pick<InstallOptions, 'home' | 'modules'>): boolean {
  const plugin = pluginPath(modules)
  const isThere = existsSync(plugin)
  try {
    if (isThere) retire(plugin)
    sweep(modules)
    rmSync(pluginFile(home), { force: true })
  } catch (error) {
    throw notWritable(modules, error)
  }
  return isThere
}

function adobeFolder(
  platform: NodeJS.Platform,
  { home, appData }: { readonly home: string; readonly appData: string | undefined },
): string | undefined {
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'Adobe', 'Lightroom')
  if (platform === 'win32') return path.join(appData ?? path.join(home, 'AppData', 'Roaming'), 'Adobe', 'Lightroom')
  return undefined
}

/** Lightroom loads folders that end in .lrplugin or .lrdevplugin; these end otherwise. */
const TEMPORARY = /^\.Safelight-[0-9a-f]{12}\.(new|old)$/

function temporaryName(modules: string, kind: 'new' | 'old'): string {
  return path.join(modules, `.Safelight-${randomBytes(6).toString('hex')}.${kind}`)
}

function replaceFolder(source: string, target: string): void {
  const modules = path.dirname(target)
  fs.mkdirpSync(modules)
  putBack(target)
  sweep(modules)
  const fresh = temporaryName(modules, 'new')
  try {
    fs.copySync(source, fresh, { errorOnExist: true, dereference: true })
    syncTree(fresh)
    const old = existsSync(target) ? temporaryName(modules, 'old') : undefined
    if (old !== undefined) renameSync(target, old)
    try {
      renameSync(fresh, target)
    } catch (error) {
      if (old !== undefined) renameSync(old, target)
      throw error
    }
    syncFolder(modules)
  } finally {
    sweep(modules)
  }
}

function retire(plugin: string): void {
  renameSync(plugin, temporaryName(path.dirname(plugin), 'old'))
}

/** After a crash between the two renames, so that a copy that fails now does not leave Lightroom without any plugin. */
function putBack(target: string): void {
  if (existsSync(target)) return
  const modules = path.dirname(target)
  const old = readdirSync(modules).find((name) => TEMPORARY.test(name) && name.endsWith('.old'))
  if (old !== undefined && existsSync(path.join(modules, old, 'Info.lua'))) renameSync(path.join(modules, old), target)
}

/** What an install left that was cut off, and what it replaced. */
function sweep(modules: string): void {
  if (!existsSync(modules)) return
  for (const name of readdirSync(modules).filter((each) => TEMPORARY.test(each)))
    rmSync(path.join(modules, name), { recursive: true, force: true })
}

function syncTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name)
    if (entry.isDirectory()) syncTree(full)
    else syncFile(full)
  }
  syncFolder(folder)
}

/** Windows flushes only what was opened for writing. */
function syncFile(file: string): void {
  sync(file, 'r+')
}

function syncFolder(folder: string): void {
  if (process.platform !== 'win32') sync(folder, 'r')
}

function sync(name: string, flags: string): void {
  const descriptor = openSync(name, flags)
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function notWritable(modules: string, cause: unknown): SafelightError {
  return new SafelightError('LIGHTROOM_MISSING', {
    message: `The plugin could not be put into ${modules}: ${systemCode(cause)}. What was there before is unchanged.`,
    remedy: 'Quit Lightroom, see that your user may write to that folder, and run "safelight plugin install" again.',
    cause,
  })
}
