// Homes in fresh temporary folders, real helper processes in them, and waiting for facts.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { systemCode } from '../../helper/errors.js'
import { isAlive, readEndpoint, type Caller } from '../../helper/service/endpoint.js'
import type { ServeCommand } from '../../helper/service/background.js'

export const CALLER: Caller = { client: 'cli', version: '0.1.0' }

export interface TestHome {
  readonly home: string
  /** Kills the helper that runs there, if any, and removes the folder. */
  readonly remove: () => Promise<void>
}

export function makeHome(): TestHome {
  const home = mkdtempSync(path.join(tmpdir(), 'safelight-home-'))
  return {
    home,
    remove: () => until(() => isRemoved(home)),
  }
}

/** Tries once. A helper whose start came late may have claimed the home a moment ago, or one that was turned away write its last line. */
async function isRemoved(home: string): Promise<boolean> {
  const pid = readEndpoint(home)?.pid
  if (pid !== undefined && pid !== process.pid && isAlive(pid)) {
    process.kill(pid, 'SIGKILL')
    await until(() => !isAlive(pid))
  }
  try {
    rmSync(home, { recursive: true, force: true })
    return true
  } catch (error) {
    if (systemCode(error) === 'ENOTEMPTY') return false
    throw error
  }
}

export function serveCommand(home: string, mode = ''): ServeCommand {
  const script = fileURLToPath(new URL('fixtures/serve.js', import.meta.url))
  return { file: process.execPath, args: [script, home, mode] }
}

/** Waits for a fact that no event tells; the test's own timeout is its limit. */
export async function until(fact: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await fact())) await wait(5)
}
