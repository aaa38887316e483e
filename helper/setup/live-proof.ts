// The proof before the user's eyes: a sample is copied, one bit of its copy is flipped, the damage is found, the copy is healed, and a lost
// original is restored. All of it by the very methods that do the real work, in a folder made for it on the chosen drive and with a journal of
// its own, so that no real copy, no real original and no real record is ever touched; afterwards nothing of it is left.
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Handlers, RequestContext } from '../server/handlers.js'
import type { Result } from '../../shared/methods.js'

/** Opens Safelight in a home of its own. */
export type OpenScratch = (home: string) => Promise<{ readonly handlers: Partial<Handlers>; close(): void }>

export type ProofStep = Result<'setup/prove'>['steps'][number]

const FILES = 8
const FILE_BYTES = 2_000_000
const SHOOT = 'Safelight sample'

/** @param drive  an absolute folder of the drive, which gets a scratch folder for as long as this runs
 *  @param tell  told of every step as it ends
 *  @returns the steps in their order; the first that fails is the last */
export async function proveLive(
  drive: string,
  open: OpenScratch,
  context: RequestContext,
  tell: (steps: readonly ProofStep[]) => void,
): Promise<ProofStep[]> {
  const scratch = mkdtempSync(path.join(drive, 'Safelight proof '))
  const home = mkdtempSync(path.join(os.tmpdir(), 'safelight-proof-'))
  const steps: ProofStep[] = []
  try {
    const daemon = await open(home)
    try {
      for (const { title, act } of stepsOf({ scratch, handlers: daemon.handlers, context })) {
        context.signal.throwIfAborted()
        const wrong = await act()
        steps.push({ title, ok: wrong === undefined, detail: wrong ?? '' })
        tell(steps)
        if (wrong !== undefined) break
      }
    } finally {
      daemon.close()
    }
    return steps
  } finally {
    for (const folder of [scratch, home]) rmSync(folder, { recursive: true, force: true })
  }
}

interface Scratch {
  readonly scratch: string
  readonly handlers: Partial<Handlers>
  readonly context: RequestContext
}

interface Step {
  readonly title: string
  /** @returns what is wrong; undefined when it is as it should be */
  readonly act: () => Promise<string | undefined>
}

function stepsOf({ scratch, handlers, context }: Scratch): readonly Step[] {
  const originals = path.join(scratch, SHOOT)
  const place = path.join(scratch, 'Copies')
  const copies = path.join(place, 'Safelight', 'Photos', SHOOT)
  const names = Array.from({ length: FILES }, (_, index) => `SAMPLE_${String(index + 1).padStart(4, '0')}.DNG`)
  const hurt = names[3] ?? ''
  const lost = names[5] ?? ''
  let lostBytes = Buffer.alloc(0)
  return [
    {
      title: `A sample of ${FILES} files is copied to this drive, read back and verified`,
      act: async () => {
        mkdirSync(originals)
        mkdirSync(place)
        for (const name of names) writeFileSync(path.join(originals, name), randomBytes(FILE_BYTES), { flush: true })
        lostBytes = readFileSync(path.join(originals, lost))
        const { filesCopied, findings } = await method(handlers, 'backup/run')(
          { paths: [originals], to: [place] },
          context,
        )
        return filesCopied === FILES && findings.length === 0 ? undefined : `${filesCopied} of ${FILES} were copied`
      },
    },
    {
      title: `One bit of the copy of ${hurt} is flipped`,
      act: () => {
        flipOneBit(path.join(copies, hurt))
        return Promise.resolve(undefined)
      },
    },
    {
      title: 'The damage is found by reading every copy',
      act: async () => {
        const { findings } = await method(handlers, 'verify/run')({ shoots: [], all: true }, context)
        const found = findings.filter(({ kind, file }) => kind === 'damaged' && file === hurt)
        return found.length === 1 && findings.length === 1
          ? undefined
          : `${findings.length} findings, and not the one that was wanted`
      },
    },
    {
      title: 'The damaged copy is healed from a good one, and kept aside',
      act: async () => {
        const { healed } = await method(handlers, 'heal/run')({ shoots: [] }, context)
        const isSame = readFileSync(path.join(copies, hurt)).equals(readFileSync(path.join(originals, hurt)))
        return healed === 1 && isSame ? undefined : `${healed} copies were healed`
      },
    },
    {
      title: `The original of ${lost} is deleted and restored, equal to the last bit`,
      act: async () => {
        const file = path.join(originals, lost)
        rmSync(file)
        await method(handlers, 'restore/run')({ shoot: SHOOT }, context)
        return existsSync(file) && readFileSync(file).equals(lostBytes) ? undefined : 'it did not come back as it was'
      },
    },
  ]
}

function method<M extends 'backup/run' | 'verify/run' | 'heal/run' | 'restore/run'>(
  handlers: Partial<Handlers>,
  name: M,
): Handlers[M] {
  const handler = handlers[name]
  if (handler === undefined) throw new Error(`there is no ${name}`)
  return handler
}

/** Like rot: neither size nor date shows it. */
function flipOneBit(file: string): void {
  const { atimeMs, mtimeMs } = statSync(file)
  const bytes = readFileSync(file)
  bytes[FILE_BYTES / 2] = (bytes[FILE_BYTES / 2] ?? 0) ^ 1
  writeFileSync(file, bytes, { flush: true })
  utimesSync(file, atimeMs / 1000, mtimeMs / 1000)
}
