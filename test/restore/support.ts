// Homes, drives and shoots in fresh temporary folders, and the real program run on them.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Daemon, type DaemonOptions } from '../../helper/daemon.js'
import type { MethodName, Params, Result } from '../../shared/methods.js'

const PROGRAM = fileURLToPath(new URL('../../helper/main.js', import.meta.url))

export interface Answer {
  readonly exitCode: number
  readonly ok: boolean
  readonly summary: string
  readonly restored?: unknown
  readonly findings?: unknown
  readonly targets?: unknown
  readonly filesRestored?: unknown
  readonly filesThere?: unknown
}

/** A shoot's files by path; a number stands for so many bytes that look random. */
export type Files = Readonly<Record<string, string | number>>

export class Studio {
  readonly root = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'safelight-restore-'))
  readonly home = path.join(this.root, 'home')
  readonly pictures = path.join(this.root, 'Pictures')
  readonly ssd = path.join(this.root, 'Studio SSD')
  readonly vault = path.join(this.root, 'Vault')

  constructor() {
    for (const folder of [this.pictures, this.ssd, this.vault]) fs.mkdirSync(folder)
  }

  remove(): void {
    for (const file of walk(this.root, true)) if (!fs.lstatSync(file).isSymbolicLink()) fs.chmodSync(file, 0o755)
    fs.rmSync(this.root, { recursive: true, force: true })
  }

  at(...parts: string[]): string {
    return path.join(this.root, ...parts)
  }

  /** The copy of a file of a shoot on a drive. */
  copy(drive: string, shoot: string, name: string): string {
    return path.join(drive, 'Safelight', 'Photos', shoot, name)
  }

  make(folder: string, files: Files): void {
    let seconds = Date.UTC(2025, 4, 6, 7, 8, 9) / 1000
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(folder, name)
      fs.mkdirSync(path.dirname(file), { recursive: true })
      fs.writeFileSync(file, typeof content === 'string' ? content : bytesOf(content, name))
      fs.utimesSync(file, (seconds += 61.25), seconds)
    }
  }

  /** Runs the real program and reads its one JSON object. */
  async run(...args: string[]): Promise<Answer> {
    const child = this.start(...args)
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
    const [code] = (await once(child, 'close')) as [number]
    const answer = JSON.parse(text) as Answer
    assert.equal(answer.exitCode, code)
    return answer
  }

  start(...args: string[]) {
    return spawn(process.execPath, [PROGRAM, ...args, '--json', '--home', this.home], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  }

  async backUp(...shoots: string[]): Promise<void> {
    const paths = shoots.map((shoot) => path.join(this.pictures, shoot))
    const answer = await this.call('backup/run', { paths, to: [this.ssd, this.vault] })
    assert.equal(answer.exitCode, 0, answer.summary)
  }

  restore(params: Params<'restore/run'>, options?: CallOptions): Promise<Result<'restore/run'>> {
    return this.call('restore/run', params, options)
  }

  /** Asks a method in this process: the same function that the program calls. */
  async call<M extends MethodName>(
    method: M,
    params: Params<M>,
    { signal = new AbortController().signal, kind = 'cli', ...options }: CallOptions = {},
  ): Promise<Result<M>> {
    const daemon = await Daemon.open({ home: this.home, command: 'test', ...options })
    try {
      const handler = daemon.handlers[method]
      assert.ok(handler)
      return await handler(params, { signal, client: { kind, version: 'test' }, progress: () => undefined })
    } finally {
      daemon.close()
    }
  }
}

export interface CallOptions extends Pick<DaemonOptions, 'clock' | 'volumes' | 'workerFile' | 'patienceMs'> {
  readonly signal?: AbortSignal
  readonly kind?: 'cli' | 'plugin'
}

/** Every file below a folder by its path from there, with its bytes and its time; links as what they say. */
export function contentsOf(folder: string): Record<string, string> {
  return Object.fromEntries(
    walk(folder, false).map((file) => {
      const stat = fs.lstatSync(file)
      const what = stat.isSymbolicLink()
        ? `link to ${fs.readlinkSync(file)}`
        : `${fs.readFileSync(file).toString('base64')} ${Math.round(stat.mtimeMs)}`
      return [path.relative(folder, file), what]
    }),
  )
}

/** Names below a folder, files only. */
export function namesIn(folder: string): string[] {
  return walk(folder, false)
    .map((file) => path.relative(folder, file))
    .sort()
}

function walk(folder: string, withFolders: boolean): string[] {
  if (!fs.existsSync(folder)) return []
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name)
    return entry.isDirectory() ? [...(withFolders ? [file] : []), ...walk(file, withFolders)] : [file]
  })
}

/** Bytes that look random and follow from the name. */
function bytesOf(count: number, name: string): Buffer {
  const bytes = Buffer.alloc(count)
  let state = [...Buffer.from(name)].reduce((sum, byte) => (sum * 31 + byte) >>> 0, 7) || 1
  for (let at = 0; at < count; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[at] = state & 0xff
  }
  return bytes
}

/** One wrong bit; size and time stay as they are. */
export function rot(file: string): void {
  const stat = fs.statSync(file)
  const bytes = fs.readFileSync(file)
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  fs.writeFileSync(file, bytes)
  fs.utimesSync(file, stat.atimeMs / 1000, stat.mtimeMs / 1000)
}
