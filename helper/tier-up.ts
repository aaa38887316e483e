// When V8 compiles WebAssembly a second time, to optimized code. Left to itself it does so for whatever of SQLite has run for a moment,
// which costs a short command more processor time than all the rest of it together. So it is put off until a function has worked for long.
import { setFlagsFromString } from 'node:v8'

/** About the bytes of code that a function may run through before it is optimized; V8's own is 1.8 million (Node 20). */
const LATE = 2_000_000_000
const USUAL = 1_800_000

/** For all WebAssembly that is loaded from now on. */
export function postponeOptimizing(): void {
  setFlagsFromString(`--wasm-tiering-budget=${LATE}`)
}

/** For what is loaded from now on and is to work hard at once. */
export function optimizeSoon(): void {
  setFlagsFromString('--wasm-tier-up-filter=-1')
  setFlagsFromString(`--wasm-tiering-budget=${USUAL}`)
}

/** For a command that asks the journal little and then reads for long: an optimization that began as it was about to end would hold up the
 *  end of the process, which waits for it, by a tenth of a second and more. */
export function neverOptimize(): void {
  // There is no function of this number, and no other is optimized.
  setFlagsFromString(`--wasm-tier-up-filter=${LATE}`)
}
