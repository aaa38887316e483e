// Reads a zip with a program that is not ours.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { execa } from 'execa'
import { freshFolder, readTree, type Found } from './shoots.js'

export function hasZip(): boolean {
  try {
    execFileSync('unzip', ['-v'], { stdio: 'ignore' })
    return true
  } catch (error) {
    process.stderr.write(
      `The zip was not tried with unzip: ${error instanceof Error ? error.message : String(error)}\n`,
    )
    return false
  }
}

export async function readZip(bytes: Uint8Array): Promise<Map<string, Found>> {
  const folder = freshFolder()
  try {
    fs.writeFileSync(path.join(folder, 'a.zip'), bytes)
    await execa('unzip', ['-q', 'a.zip', '-d', 'out'], { cwd: folder, env: { LC_ALL: 'C.UTF-8' } })
    return readTree(path.join(folder, 'out'))
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}
