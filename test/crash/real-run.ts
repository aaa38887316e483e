// The real command line as a crash test needs it: started, watched by what appears on the drive, killed, and asked to finish. A test's folder
// holds the originals in `Shoot`, the drive at `Drive` and the home in `home`.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkManifests, readTree, temporariesBelow } from '../support/shoots.js'

const MAIN = fileURLToPath(new URL('../../helper/main.js', import.meta.url))

export interface End {
  readonly code: number | null
  readonly signal: string | null
  /** On stdout. */
  readonly answer: string
  readonly said: string
}

/** Runs the real command line. @param meanwhile  given the process as soon as it runs */
export function safelight(args: readonly string[], meanwhile?: (kill: () => void) => void): Promise<End> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    let answer = ''
    child.stdout.on('data', (data: Buffer) => (answer += data.toString('utf8')))
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => {
        said += data.toString('utf8')
      })
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, answer, said }))
    meanwhile?.(() => child.kill('SIGKILL'))
  })
}

/** Calls back when the drive holds this many names, which is a fact of the run and no guess at its speed. */
export function whenThere(folder: string, count: number, act: () => void): void {
  const look = (): void => {
    const names = fs.existsSync(folder) ? fs.readdirSync(folder).length : 0
    if (names >= count) act()
    else setTimeout(look, 2).unref()
  }
  look()
}

export function backupIn(root: string, meanwhile?: (kill: () => void) => void): Promise<End> {
  const at = (name: string): string => path.join(root, name)
  return safelight(['backup', at('Shoot'), '--to', at('Drive'), '--home', at('home'), '--json'], meanwhile)
}

/** One more run brings everything, leaves nothing half, and what it wrote reads back as it was. */
export async function assertFinishes(root: string): Promise<void> {
  const at = (name: string): string => path.join(root, name)
  const end = await backupIn(root)
  assert.equal(end.code, 0, end.said)
  const copies = readTree(at('Drive/Safelight/Photos/Shoot'))
  for (const [name, { hash }] of readTree(at('Shoot'))) assert.equal(copies.get(name)?.hash, hash, name)
  assert.deepEqual(checkManifests(at('Drive')), [])
  assert.deepEqual(temporariesBelow(at('Drive')), [])
  const checked = await safelight(['verify', '--home', at('home')])
  assert.equal(checked.code, 0, checked.said)
}
