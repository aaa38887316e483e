// When a process began, so that a process number which the system has given to another one meanwhile is told from the process that had it.
import { readFileSync } from 'node:fs'
import { systemCode } from '../errors.js'

/** `<id of this start of the system> <ticks since then>`: differs between computers, too. '' when there is no such process, and on systems
 *  that do not say it in a file. Does not change while the process lives, nor with the clock. */
export function processStartNow(pid: number): string {
  if (process.platform !== 'linux') return ''
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in brackets and may hold blanks; start time is field 22.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // Killed, and nobody has asked yet how it ended.
    if (state === 'Z' || state === 'X') return ''
    const ticks = fields[18] ?? ''
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${ticks}`
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ESRCH') return ''
    throw error
  }
}
