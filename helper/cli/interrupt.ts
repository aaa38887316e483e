// Ctrl-C and a system's wish that we end: asked once, work stops cleanly; asked twice, at once.

/** By convention 128 and the number of SIGINT. */
const FORCED_EXIT_CODE = 130

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** @param onFirst  told when the stop is asked for
 *  @returns a signal that is aborted by it, and how to leave signals alone again */
export function stopOnSignal(onFirst: () => void = () => undefined): {
  readonly signal: AbortSignal
  readonly release: () => void
} {
  const controller = new AbortController()
  const listener = (): void => {
    if (controller.signal.aborted) process.exit(FORCED_EXIT_CODE)
    onFirst()
    controller.abort()
  }
  for (const signal of SIGNALS) process.on(signal, listener)
  return {
    signal: controller.signal,
    release: () => {
      for (const signal of SIGNALS) process.off(signal, listener)
    },
  }
}
