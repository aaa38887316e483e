// How much garbage V8 lets gather. While thousands of small files are copied it would let the memory of this process grow to twice what is
// in use, and more; collecting it sooner costs less than could be measured.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What is in use may grow by this part, in percent, before it is looked through for garbage. */
const GROWTH = 30

/** V8 decides. */
const USUAL = 0

export async function withSmallHeap<T>(act: () => Promise<T>): Promise<T> {
  setFlagsFromString(`--heap-growing-percent=${GROWTH}`)
  collectNow()
  try {
    return await act()
  } finally {
    setFlagsFromString(`--heap-growing-percent=${USUAL}`)
  }
}

/** A part of what is in use is counted from the last time that garbage was collected, which for a program that has just looked at all files was
 *  long ago. */
function collectNow(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  setFlagsFromString('--no-expose-gc')
}
