// What the set-up shows and does, for the page and the command line alike: looks what there is, installs what was agreed to, and says of each
// thing in words whether it worked. One thing that cannot be done keeps the others from nothing.
import os from 'node:os'
import { findCatalogs } from '../catalog/preferences.js'
import { describeError, SafelightError } from '../errors.js'
import type { Volumes } from '../files/volumes.js'
import type { Journal } from '../journal/journal.js'
import { listPlaces } from '../journal/places.js'
import { installPlugin, modulesFolder, pluginPath } from '../service/plugin-install.js'
import { readPluginFile } from '../service/plugin-file.js'
import { installService, serviceState } from '../service/service.js'
import { existsSync } from 'node:fs'
import type { Result } from '../../shared/methods.js'
import { candidates, driveFolders, systemPlaces } from './drives.js'

/** This program, as whoever starts it must name it. */
export interface Installation {
  /** Absolute path of Node and of the program. */
  readonly command: readonly [string, string]
  /** The built plugin. */
  readonly plugin: string
  readonly version: string
}

export interface SetUpDeps {
  readonly journal: Journal
  readonly volumes: Volumes
  readonly home: string
}

export async function lookAround(
  { journal, volumes, home }: SetUpDeps,
  { command }: Installation,
): Promise<Result<'setup/look'>> {
  const { platform } = process
  const known = listPlaces(journal).map(({ path }) => path)
  const folders = driveFolders(platform, os.userInfo().username, systemPlaces)
  const [drives, catalogs, service] = await Promise.all([
    candidates(volumes, folders, known),
    findCatalogs(platform, { home: os.homedir(), appData: process.env['APPDATA'] }),
    serviceState({ home, command }),
  ])
  return { drives, catalogs, plugin: pluginState(home), service: service.state }
}

function pluginState(home: string): Result<'setup/look'>['plugin'] {
  try {
    return existsSync(pluginPath(modulesFolder())) && readPluginFile(home) !== undefined ? 'installed' : 'absent'
  } catch (error) {
    if (error instanceof SafelightError && error.code === 'LIGHTROOM_MISSING') return 'no Lightroom'
    throw error
  }
}

export async function install(
  home: string,
  installation: Installation,
  wish: { readonly plugin: boolean; readonly service: boolean },
): Promise<Result<'setup/install'>> {
  const { command, plugin: source, version } = installation
  const steps: Result<'setup/install'>['steps'][number][] = []
  const attempt = async (what: string, act: () => Promise<string>): Promise<void> => {
    try {
      steps.push({ what, ok: true, detail: await act() })
    } catch (error) {
      steps.push({ what, ok: false, detail: wordsOf(error) })
    }
  }
  if (wish.plugin)
    await attempt('The plugin in Lightroom', () => {
      const { plugin } = installPlugin({ home, source, command, version, modules: modulesFolder() })
      return Promise.resolve(`It is at ${plugin}. Restart Lightroom Classic.`)
    })
  if (wish.service)
    await attempt('Starting at login', async () => {
      const { kind, where } = await installService({ home, command })
      return `A ${kind} was made: ${where}.`
    })
  const failed = steps.filter(({ ok }) => !ok)
  const exitCode = failed.length === 0 ? 0 : 44
  return {
    ok: exitCode === 0,
    exitCode,
    summary:
      failed.length === 0 ? 'All of it is done.' : failed.map(({ what, detail }) => `${what}: ${detail}`).join(' '),
    steps,
  }
}

function wordsOf(error: unknown): string {
  return error instanceof SafelightError ? `${error.message} ${error.remedy}` : describeError(error)
}
