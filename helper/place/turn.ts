// Whose turn it is to write the records of a place that several computers share: one file, created exclusively, which the file servers of
// network drives decide as well as a disk does. It is held for moments only, while lines are appended or shoots are sealed, and by one place
// at a time, so nobody can wait in a circle. What a killed owner left is known for dead at once on the same computer, and elsewhere when it
// has not moved for as long as nobody alive leaves it, measured by the waiting computer's own steady clock. A live owner's is never taken.
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  futimesSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { SafelightError, systemCode } from '../errors.js'
import { temporaryIn } from '../files/temporary.js'
import { processStartNow } from '../files/process-start.js'
import { parseJson } from '../parse-json.js'

/** In a place's `Safelight` folder, for as long as somebody writes records there. */
export const TURN_FILE = '.safelight-turn'

const Claim = z.object({
  /** The mark that the owner's temporary files carry. */
  home: z.string(),
  host: z.string(),
  pid: z.int(),
  /** See files/process-start.ts; '' where the system does not say it so that it names the computer as well. */
  processStart: z.string(),
  nonce: z.string(),
})

type Claim = z.infer<typeof Claim>

/** What a live owner never leaves untouched for so long: it holds its turn for moments, and says between two shoots that it lives. */
export const DEAD_AFTER_MS = 120_000

/** The same of a claim that cannot be read: it is written the moment after it is made. */
export const CUT_OFF_AFTER_MS = 5000

/** Nobody holds a turn for long; whoever never gets one is told so. */
const GIVE_UP_MS = 15 * 60_000

export interface Turn {
  /** Says that its owner lives. */
  beat(): void
  /** Called before what cannot be undone. @throws VOLUME_BUSY when the turn was lost, as after a night's sleep in the middle of it */
  require(): void
  release(): void
}

/** Where nothing can be written there is nothing to take turns for: whoever writes all the same is told why by the writing itself. */
const NOBODY_WRITES: Turn = { beat: () => undefined, require: () => undefined, release: () => undefined }

interface Seen {
  /** Which claim, and when it was last touched. */
  readonly mark: string
  readonly sinceMs: number
}

export class Turns {
  readonly #tag: string
  readonly #steadyMs: () => number
  /** Other owners' claims as they were first seen, by their file. */
  readonly #seen = new Map<string, Seen>()

  /** @param tag  of this home; see files/temporary.ts. A home has one owner: what carries its tag was left by a crash
   *  @param steadyMs  a clock that nobody sets */
  constructor(tag: string, steadyMs: () => number = () => performance.now()) {
    this.#tag = tag
    this.#steadyMs = steadyMs
  }

  /** @param root  the place's `Safelight` folder
   *  @param isDurable  where the folder itself is synced while the turn lasts: after a power loss it is to be known whose it was
   *  @returns undefined while somebody else is writing */
  tryTake(root: string, isDurable = false): Turn | undefined {
    const file = path.join(root, TURN_FILE)
    const { pid } = process
    const nonce = randomBytes(8).toString('hex')
    const own: Claim = { home: this.#tag, host: os.hostname(), pid, processStart: processStartNow(pid), nonce }
    for (let attempt = 0; attempt < 3; attempt++) {
      const made = create(file, Buffer.from(JSON.stringify(own), 'utf8'), isDurable)
      if (made === 'impossible') return NOBODY_WRITES
      if (made === 'made') return turnOf(file, own.nonce)
      const found = readClaim(file)
      if (found === undefined) continue
      if (!this.#isDead(file, found)) return undefined
      this.#setAside(file, found)
    }
    return undefined
  }

  /** Waits for the turn and acts in it. Never called from within another turn.
   *  @param act  without a pause in it: other computers are waiting
   *  @throws VOLUME_BUSY when it is never this computer's turn */
  async inTurn<T>(root: string, act: (turn: Turn) => T): Promise<T> {
    const untilMs = this.#steadyMs() + GIVE_UP_MS
    for (;;) {
      const turn = this.tryTake(root, true)
      if (turn) {
        try {
          return act(turn)
        } finally {
          turn.release()
        }
      }
      if (this.#steadyMs() > untilMs) throw neverOurTurn(root)
      await wait(10 + Math.random() * 60)
    }
  }

  #isDead(file: string, { claim, mark }: Found): boolean {
    // Ours, and we hold none now: left by a crash, or on a drive that was pulled in the middle of it and is back.
    if (claim?.home === this.#tag) return true
    if (claim && isKilled(claim)) return true
    const seen = this.#seen.get(file)
    if (seen?.mark !== mark) {
      this.#seen.set(file, { mark, sinceMs: this.#steadyMs() })
      return false
    }
    return this.#steadyMs() - seen.sinceMs > (claim ? DEAD_AFTER_MS : CUT_OFF_AFTER_MS)
  }

  /** Two may find the same one dead: whoever moves a live one instead, which came in between, puts it back. */
  #setAside(file: string, dead: Found): void {
    const aside = temporaryIn(path.dirname(file), this.#tag)
    try {
      renameSync(file, aside)
    } catch (error) {
      // Gone meanwhile, or not ours to move: then it is as it was.
      if (systemCode(error) === '') throw error
      return
    }
    const moved = readClaim(aside)
    if (moved?.mark !== dead.mark) putBack(aside, file)
    rmSync(aside, { force: true })
  }
}

interface Found {
  /** Undefined when it cannot be understood: it is being written, or its writer was cut off. */
  readonly claim: Claim | undefined
  readonly mark: string
}

function create(file: string, claim: Buffer, isDurable: boolean): 'made' | 'taken' | 'impossible' {
  let descriptor: number
  try {
    descriptor = openSync(file, 'wx', 0o644)
  } catch (error) {
    if (systemCode(error) === '') throw error
    return lstatOrNot(file) === undefined ? 'impossible' : 'taken'
  }
  try {
    writeSync(descriptor, claim, 0, claim.length)
    if (isDurable) fsyncSync(descriptor)
  } catch (error) {
    // A full drive holds an empty claim, which is one all the same.
    if (systemCode(error) === '') throw error
  } finally {
    closeSync(descriptor)
  }
  return 'made'
}

/** Between two signs of life. */
const BEAT_MS = 10_000

function turnOf(file: string, nonce: string): Turn {
  let beatenMs = performance.now()
  // A full drive: nothing was written into it.
  const isOwn = (): boolean => {
    const found = readClaim(file)
    return found !== undefined && (found.claim === undefined || found.claim.nonce === nonce)
  }
  return {
    beat() {
      if (performance.now() - beatenMs < BEAT_MS || !isOwn()) return
      beatenMs = performance.now()
      const descriptor = openSync(file, 'r+')
      try {
        const now = new Date()
        futimesSync(descriptor, now, now)
      } finally {
        closeSync(descriptor)
      }
    },
    require() {
      if (!isOwn())
        throw lost(
          `While this computer slept, another one took its turn to write its records at ${path.dirname(path.dirname(file))}.`,
        )
    },
    release() {
      try {
        if (isOwn()) unlinkSync(file)
      } catch (error) {
        // The drive is gone, and with it the turn.
        if (systemCode(error) === '') throw error
      }
    },
  }
}

function readClaim(file: string): Found | undefined {
  try {
    const { mtimeMs, ino } = lstatSync(file)
    const text = readFileSync(file, 'utf8')
    const claim = Claim.safeParse(parseJson(text)).data
    return { claim, mark: `${claim?.nonce ?? `${ino} ${text}`} ${mtimeMs}` }
  } catch (error) {
    if (systemCode(error) === '') throw error
    return undefined
  }
}

/** Known for certain only of a process that began under this very start of this system. */
function isKilled({ pid, processStart }: Claim): boolean {
  const [boot] = processStart.split(' ')
  const here = processStartNow(process.pid).split(' ')[0]
  return boot !== undefined && boot !== '' && boot === here && processStartNow(pid) !== processStart
}

function putBack(aside: string, file: string): void {
  try {
    linkSync(aside, file)
  } catch (error) {
    if (systemCode(error) === 'EEXIST' || systemCode(error) === 'ENOENT') return
    // No hard links here.
    if (lstatOrNot(file) === undefined) renameSync(aside, file)
  }
}

function lstatOrNot(file: string): unknown {
  try {
    return lstatSync(file, { throwIfNoEntry: false })
  } catch (error) {
    if (systemCode(error) === '') throw error
    return undefined
  }
}

/** @param root  the place's `Safelight` folder */
export function neverOurTurn(root: string): SafelightError {
  return lost(`Another computer is writing its records at ${path.dirname(root)} all the time.`)
}

function lost(message: string): SafelightError {
  return new SafelightError('VOLUME_BUSY', {
    message,
    remedy: 'Run the same command again; it goes on where it stopped.',
  })
}
