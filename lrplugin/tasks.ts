// Lightroom's cooperative tasks, in the few forms that are safe. It promises that work which fails is logged and ends alone, that nothing
// yields across pcall, and that long loops give way. One rule for callers: in callbacks of sockets, dialogs and observers, only inTask().
import { logWarning } from './log.js'

const LrDate = lightroom('LrDate')
const LrFunctionContext = lightroom('LrFunctionContext')
const LrTasks = lightroom('LrTasks')

/** Starts work as a task that Lightroom cancels when the plugin goes; a bare startAsyncTask begun at load may die with the load. */
export function inTask(name: string, work: (context: LrFunctionContext) => void): void {
  LrFunctionContext.postAsyncTaskWithContext(name, (context) => {
    const problem = attempt(() => work(context))
    if (problem !== undefined) logWarning(`${name}: ${problem}`)
  })
}

/** Calls something that may fail and may yield. @returns undefined, or what it failed with */
export function attempt(call: () => void): string | undefined {
  const [isDone, problem] = LrTasks.pcall(call)
  return isDone ? undefined : `${problem as string}`
}

export function sleep(seconds: number): void {
  LrTasks.sleep(seconds)
}

/** Gives way once, so that Lightroom stays quick; for use inside long loops. */
export function giveWay(): void {
  LrTasks.yield()
}

/** Seconds, for differences only. */
export function now(): number {
  return LrDate.currentTime()
}

export function nowMs(): number {
  return Math.floor(LrDate.timeToPosixDate(LrDate.currentTime()) * 1000)
}
