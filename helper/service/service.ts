// Installs, removes and looks for the login item. Promises that what it says is there was written whole and taken by the system, and that an
// earlier one of another folder is replaced, not joined.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { execa } from 'execa'
import { SafelightError } from '../errors.js'
import { loginItem, type Command, type LoginItem } from './login-item.js'
import { writePrivateFile } from './private-file.js'

export interface ServiceOptions {
  readonly home: string
  readonly command: readonly [string, string]
}

export interface ServiceState {
  readonly kind: LoginItem['kind']
  readonly where: string
  /** `other`: one is there that starts another program or home. */
  readonly state: 'installed' | 'other' | 'absent'
}

const TOOL_MS = 20_000

/** @throws HOME_UNUSABLE the file cannot be written, or the system does not take it */
export async function installService(options: ServiceOptions): Promise<ServiceState> {
  const item = await itemHere(options)
  await takeOut(item)
  try {
    if (item.text !== undefined) {
      mkdirSync(path.dirname(item.where), { recursive: true })
      mkdirSync(path.join(options.home, 'logs'), { recursive: true, mode: 0o700 })
      writePrivateFile(item.where, item.text)
    }
    for (const command of item.install) await must(command)
  } catch (error) {
    throw new SafelightError('HOME_UNUSABLE', {
      message: `Safelight could not be made to start at login: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}.`,
      remedy: `Look at ${item.where}, or start the helper yourself with "safelight start".`,
      cause: error,
    })
  }
  return { kind: item.kind, where: item.where, state: 'installed' }
}

/** @returns whether there was one */
export async function uninstallService(
  options: ServiceOptions,
): Promise<{ readonly wasThere: boolean; readonly where: string }> {
  const item = await itemHere(options)
  const { state } = await serviceState(options)
  await takeOut(item)
  return { wasThere: state !== 'absent', where: item.where }
}

export async function serviceState(options: ServiceOptions): Promise<ServiceState> {
  const item = await itemHere(options)
  return { kind: item.kind, where: item.where, state: await stateOf(item) }
}

async function stateOf({ where, text, ask, install }: LoginItem): Promise<ServiceState['state']> {
  if (text !== undefined) {
    if (!existsSync(where)) return 'absent'
    if (readFileSync(where, 'utf8') !== text) return 'other'
    return ask === undefined || (await run(ask)).ok ? 'installed' : 'other'
  }
  const answer = ask === undefined ? { ok: false, output: '' } : await run(ask)
  if (!answer.ok) return 'absent'
  const line = install[0]?.[8] ?? ''
  return answer.output.includes(line) ? 'installed' : 'other'
}

async function itemHere({ home, command }: ServiceOptions): Promise<LoginItem> {
  const { platform } = process
  const isLinux = platform !== 'darwin' && platform !== 'win32'
  return loginItem({
    platform,
    command,
    home,
    user: os.homedir(),
    configFolder: process.env['XDG_CONFIG_HOME'],
    uid: process.getuid?.(),
    // Says "offline" and fails where no systemd looks after this user.
    hasSystemd: isLinux && (await run(['systemctl', '--user', 'show-environment'])).ok,
  })
}

async function takeOut({ where, text, uninstall }: LoginItem): Promise<void> {
  for (const command of uninstall) await run(command)
  if (text !== undefined) rmSync(where, { force: true })
}

async function run([file, ...args]: Command): Promise<{ readonly ok: boolean; readonly output: string }> {
  const { failed, stdout } = await execa(file, args, { reject: false, timeout: TOOL_MS, stdin: 'ignore' })
  return { ok: !failed, output: stdout }
}

async function must([file, ...args]: Command): Promise<void> {
  await execa(file, args, { timeout: TOOL_MS, stdin: 'ignore' })
}
