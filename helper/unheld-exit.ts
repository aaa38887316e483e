// Ends the process although a thread of it is stuck in the system: Node joins its threads at its end, and waits for what they were asked, so
// that a drive which never answers would keep the process for ever.

const stuck = new Set<symbol>()

/** Says that a thread is stuck. @returns takes that back, when it has returned after all */
export function noteStuck(): () => void {
  const one = Symbol('stuck')
  stuck.add(one)
  if (stuck.size === 1) process.on('exit', endIfStuck)
  return () => {
    stuck.delete(one)
    if (stuck.size === 0) process.off('exit', endIfStuck)
  }
}

/** For whoever has nothing more to do. Where a thread is stuck, the process ends as if it had been asked to from outside (SIGTERM), which
 *  joins nothing, and its exit code is lost with it; what is to be on the disk, or was said, is by then. Else it does nothing. */
export function endIfStuck(): void {
  if (stuck.size === 0) return
  process.removeAllListeners('SIGTERM')
  process.kill(process.pid, 'SIGTERM')
}
