// One owner per home. Each process that wants the home writes a claim under a name that is its own alone, then looks at the others: a
// claim of a dead process is removed, a live one wins. Because every name is unique, removing a dead owner's claim can never hit a live
// one, whatever the moment.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import fs from 'fs-extra'
import { SafelightError, systemCode } from './errors.js'
import { systemFiles } from './files/durable.js'
import { processStartNow } from './files/process-start.js'
import { lazily } from './lazily.js'

const running = lazily(() => import('execa'))

export interface Claim {
  readonly pid: number
  /** When that process began, in the system's own words; tells a reused pid from the process that had it. */
  readonly processStart: string
  readonly command: string
  readonly since: string
}

export interface Ownership {
  release(): void
}

const CLAIM = /^owner-[0-9a-f]+\.json$/

/** Two that start in the same moment both step back; with pauses of random length one soon finds itself alone. */
const TRIES = 5

/** @param command  what this process is doing, for whoever is turned away
 *  @throws HOME_IN_USE naming the live owner, HOME_UNUSABLE */
export async function claimHome(home: string, command: string, nowMs: number): Promise<Ownership> {
  makeHome(home)
  const claim: Claim = {
    pid: process.pid,
    processStart: await processStart(process.pid),
    command,
    since: new Date(nowMs).toISOString(),
  }
  for (let attempt = 1; ; attempt++) {
    const own = path.join(home, `owner-${randomBytes(8).toString('hex')}.json`)
    writeClaim(home, own, claim)
    const rival = await liveRival(home, path.basename(own))
    // Whoever was held up while writing may have been taken for dead, and its claim cleared away: then it is no claim.
    if (!rival && fs.existsSync(own)) return { release: () => fs.removeSync(own) }
    fs.removeSync(own)
    if (rival && (attempt === TRIES || Date.parse(rival.since) < nowMs - 1000)) throw inUse(home, rival)
    await wait(20 + Math.random() * 80)
  }
}

/** The live owner of a home, if there is one. */
export async function ownerOf(home: string): Promise<Claim | undefined> {
  return fs.existsSync(home) ? liveRival(home, '') : undefined
}

function makeHome(home: string): void {
  try {
    const made = fs.mkdirSync(home, { recursive: true, mode: 0o700 })
    if (made !== undefined) makeDurable(made, home)
    if (process.platform !== 'win32') fs.chmodSync(home, 0o700)
    fs.accessSync(home, fs.constants.W_OK)
  } catch (error) {
    throw unusable(home, error)
  }
}

/** A home whose own name was lost with the power would take the journal with it. */
function makeDurable(firstMade: string, home: string): void {
  for (let at = home; ; at = path.dirname(at)) {
    systemFiles.syncFolder(path.dirname(at))
    if (at === firstMade || path.dirname(at) === at) return
  }
}

function writeClaim(home: string, own: string, claim: Claim): void {
  try {
    fs.writeFileSync(own, JSON.stringify(claim), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    fs.removeSync(own)
    throw unusable(home, error)
  }
}

function unusable(home: string, error: unknown): SafelightError {
  const isFull = systemCode(error) === 'ENOSPC' || systemCode(error) === 'EDQUOT'
  return new SafelightError('HOME_UNUSABLE', {
    message: `Safelight cannot keep its journal in ${home}: ${isFull ? 'that disk is full' : systemCode(error)}. Nothing was backed up.`,
    remedy: `${isFull ? 'Make room on it' : 'Give your user the right to write there'}, or name another folder with --home.`,
    cause: error,
  })
}

async function liveRival(home: string, own: string): Promise<Claim | undefined> {
  for (const name of fs.readdirSync(home).filter((each) => CLAIM.test(each) && each !== own)) {
    const file = path.join(home, name)
    const claim = readClaim(file)
    if (claim === 'gone') continue
    if (claim !== 'unfinished' && (await isAlive(claim))) return claim
    // A claim that cannot be read is one whose writer was cut off, unless it is being written this very moment.
    if (
      claim === 'unfinished' &&
      Math.abs(Date.now() - (fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0)) < 2000
    ) {
      return { pid: 0, processStart: '', command: 'another safelight', since: new Date().toISOString() }
    }
    fs.removeSync(file)
  }
  return undefined
}

function readClaim(file: string): Claim | 'gone' | 'unfinished' {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 'gone'
    throw error
  }
  try {
    const claim = JSON.parse(text) as Partial<Claim>
    const { pid, processStart: started, command, since } = claim
    if (
      typeof pid !== 'number' ||
      typeof started !== 'string' ||
      typeof command !== 'string' ||
      typeof since !== 'string'
    )
      return 'unfinished'
    return { pid, processStart: started, command, since }
  } catch (error) {
    if (error instanceof SyntaxError) return 'unfinished'
    throw error
  }
}

async function isAlive(claim: Claim): Promise<boolean> {
  try {
    process.kill(claim.pid, 0)
  } catch (error) {
    // EPERM: it lives, and belongs to another user.
    if (systemCode(error) === 'ESRCH') return false
    if (systemCode(error) !== 'EPERM') throw error
  }
  const start = await processStart(claim.pid)
  return start === '' || claim.processStart === '' || start === claim.processStart
}

/** When a process began, as the system says it; '' where it says nothing. Does not change while the process lives, nor with the clock. */
async function processStart(pid: number): Promise<string> {
  if (process.platform === 'linux') return processStartNow(pid)
  const { execa } = await running()
  const ask =
    process.platform === 'win32'
      ? execa('powershell', ['-NoProfile', '-Command', `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`], {
          reject: false,
          timeout: 10_000,
        })
      : execa('ps', ['-o', 'lstart=', '-p', String(pid)], { reject: false, timeout: 10_000, env: { LC_ALL: 'C' } })
  return (await ask).stdout.trim()
}

function inUse(home: string, rival: Claim): SafelightError {
  return new SafelightError('HOME_IN_USE', {
    message: `Another Safelight is at work with ${home}: "${rival.command}", process ${rival.pid}, since ${rival.since}. Two at once could contradict each other, so this one did nothing.`,
    remedy: 'Wait until it has finished, or give this one a home of its own with --home.',
  })
}
