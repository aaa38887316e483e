// BLAKE3, and nothing else about it. blake3-wasm is the hash that is always there; a native build of the same function stands in when
// it is installed and gives a test vector's known digest, which gives Lightroom back most of the processor time.
import { createRequire } from 'node:module'
import type * as Blake3Wasm from 'blake3-wasm'
import { optimizeSoon } from '../tier-up.js'

/** Hashes one stream of bytes. Feed it in order, then ask once. */
export interface Hasher {
  update(bytes: Uint8Array): void
  /** @returns 64 lower-case hex digits; the hasher must not be used afterwards */
  digest(): string
}

export interface HashEngine {
  /** As written into logs. */
  readonly name: 'blake3-wasm' | 'blake3-native'
  create(): Hasher
}

const require = createRequire(import.meta.url)

/** Loaded when it is first used: a worker that hashes natively does without. */
let wasm: typeof Blake3Wasm | undefined

const WASM: HashEngine = {
  name: 'blake3-wasm',
  create() {
    wasm ??= loadPortable()
    const hash = wasm.createHash()
    return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('hex') }
  },
}

function loadPortable(): typeof Blake3Wasm {
  optimizeSoon()
  return require('blake3-wasm') as typeof Blake3Wasm
}

interface NativeHasher {
  update(bytes: Uint8Array): unknown
  digest(format: 'hex'): string
  reset(): void
}

interface NativeModule {
  readonly Blake3Hasher: new () => NativeHasher
}

/** The quickest engine on this machine that gives right answers. `SAFELIGHT_HASH=wasm` asks for the portable one. */
export function chooseHashEngine(environment: NodeJS.ProcessEnv = process.env): HashEngine {
  if (environment['SAFELIGHT_HASH'] === 'wasm') return WASM
  chosen ??= quickestRight()
  return chosen
}

/** For a thread of a process that has chosen: nothing is tried again in each.
 *  @param name  of the engine that was chosen */
export function hashEngineNamed(name: HashEngine['name']): HashEngine {
  return (name === 'blake3-native' ? loadNative() : undefined) ?? WASM
}

/** The choice, once made, holds for the life of the process. */
let chosen: HashEngine | undefined

function quickestRight(): HashEngine {
  const native = loadNative()
  return native && hashBytes(native, TEST_VECTOR) === TEST_DIGEST ? native : WASM
}

export function hashBytes(engine: HashEngine, bytes: Uint8Array): string {
  const hasher = engine.create()
  hasher.update(bytes)
  return hasher.digest()
}

/** Longer than one BLAKE3 chunk (1,024 bytes) and no multiple of one, so that the tree and the tail are both exercised. */
export const TEST_VECTOR = Uint8Array.from({ length: 102_400 + 17 }, (_, index) => index % 251)
/** As the reference implementation (b3sum) gives it, and blake3-wasm too, which a test holds; the portable build need not be started to judge. */
export const TEST_DIGEST = '1a95b5d2019c0eb21db4eb21a396a509c849a59276ef76401db7d5087fc3d7dd'

/** In place of one that may be hashing another stream by now. */
const SPENT: NativeHasher = {
  update: refuse,
  digest: refuse,
  reset: refuse,
}

function refuse(): never {
  throw new Error('a hasher was used after its digest')
}

function loadNative(): HashEngine | undefined {
  try {
    const { Blake3Hasher } = require('@napi-rs/blake-hash') as NativeModule
    // Used again: V8 does not see the two kilobytes that each keeps outside its heap, and would not collect those of a hundred thousand files.
    const free: NativeHasher[] = []
    return {
      name: 'blake3-native',
      create() {
        let hash = free.pop() ?? new Blake3Hasher()
        return {
          update: (bytes) => void hash.update(bytes),
          digest() {
            const digest = hash.digest('hex')
            hash.reset()
            free.push(hash)
            hash = SPENT
            return digest
          },
        }
      },
    }
  } catch (error) {
    // An optional package: it has no build for this machine, or was left out of the installation.
    if (error instanceof Error) return undefined
    throw error
  }
}
