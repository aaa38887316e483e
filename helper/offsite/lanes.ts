// How much is under way at once: lanes that are taken and given back. A small file takes one, a file of many parts more; what memory they
// use together is bounded by part-buffers.ts.

export interface Lanes {
  /** Runs `act` when this many lanes are free; first come, first served. More than there are counts as all of them. */
  run<T>(wanted: number, act: () => Promise<T>): Promise<T>
}

export function createLanes(count: number): Lanes {
  let free = count
  const waiting: { readonly wanted: number; readonly start: () => void }[] = []

  function next(): void {
    for (let first = waiting[0]; first && first.wanted <= free; first = waiting[0]) {
      waiting.shift()
      free -= first.wanted
      first.start()
    }
  }

  return {
    async run(wanted, act) {
      const taken = Math.max(1, Math.min(count, wanted))
      await new Promise<void>((resolve) => {
        waiting.push({ wanted: taken, start: resolve })
        next()
      })
      try {
        return await act()
      } finally {
        free += taken
        next()
      }
    },
  }
}
