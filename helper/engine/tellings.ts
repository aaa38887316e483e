// What the log beside a shoot's copies tells a rebuild: of each path what lies there and how far that is proven, and of each content when it
// was first known. Pure.
import type { LogEvent } from '../manifest/log.js'
import type { CopyState, Hash, ProofMethod } from '../model.js'

/** What the log says last of each path. */
export interface Telling {
  readonly hash: Hash
  /** When it was said. */
  readonly atMs: number
  /** Of the content; where the place encrypts, no file of it shows this. */
  readonly sizeBytes?: number
  readonly modifiedMs?: number
  readonly state: CopyState
  readonly provenMs?: number
  readonly how?: ProofMethod
}

export function tellings(events: readonly LogEvent[]): Map<string, Telling> {
  const told = new Map<string, Telling>()
  for (const event of events) {
    const atMs = Date.parse(event.at)
    switch (event.event) {
      case 'copied':
      case 'adopted':
        told.set(event.path, {
          hash: event.sourceHash,
          atMs,
          sizeBytes: event.bytes,
          modifiedMs: Date.parse(event.modified),
          // Read through the cache right after writing, which proves little; the event that says more comes later, or never came.
          ...(event.event === 'copied' && event.read === 'cached'
            ? { state: 'written' }
            : { state: 'verified', provenMs: atMs, how: event.read }),
        })
        break
      case 'verified':
        told.set(event.path, {
          ...told.get(event.path),
          hash: event.sourceHash,
          atMs,
          state: 'verified',
          provenMs: atMs,
          how: event.read ?? 'cached',
        })
        break
      case 'damaged':
      case 'missing':
        told.set(event.path, { ...told.get(event.path), hash: event.sourceHash, atMs, state: event.event })
        break
      case 'kept': {
        const before = told.get(event.path)
        told.delete(event.path)
        told.set(
          event.to,
          before?.hash === event.copyHash ? { ...before, atMs } : { hash: event.copyHash, atMs, state: 'written' },
        )
        break
      }
      case 'quarantined':
      case 'pruned':
        told.delete(event.path)
        break
      case 'unreadable':
      case 'source':
      case 'failed':
      case 'sealed':
        break
    }
  }
  return told
}

/** When each content of each file was first spoken of, by hash and name: what `--as-of` goes by. Proofs are renewed, this is not. */
export function firstSeen(events: readonly LogEvent[]): Map<string, number> {
  const seen = new Map<string, number>()
  for (const event of events) {
    const hash = 'sourceHash' in event ? event.sourceHash : event.event === 'kept' ? event.copyHash : undefined
    if (hash === undefined || !('file' in event)) continue
    const key = `${hash} ${event.file}`
    seen.set(key, Math.min(seen.get(key) ?? Infinity, Date.parse(event.at)))
  }
  return seen
}
