// Thins out progress: the first is sent at once, then at most the newest one per interval, and the last one before the answer.
import type { Notifications } from '../../shared/methods.js'

export type Progress = Omit<Notifications['job/progress'], 'request'>

export interface ProgressValve {
  push: (progress: Progress) => void
  /** Sends what still waits; nothing is sent after this. */
  close: () => void
}

export function progressValve(everyMs: number, send: (progress: Progress) => void): ProgressValve {
  let waiting: Progress | undefined
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  const flush = () => {
    if (waiting !== undefined) send(waiting)
    waiting = undefined
  }
  const tick = () => {
    timer = waiting === undefined ? undefined : setTimeout(tick, everyMs).unref()
    flush()
  }
  return {
    push: (progress) => {
      if (isClosed) return
      waiting = progress
      if (timer !== undefined) return
      flush()
      timer = setTimeout(tick, everyMs).unref()
    },
    close: () => {
      clearTimeout(timer)
      flush()
      isClosed = true
    },
  }
}
