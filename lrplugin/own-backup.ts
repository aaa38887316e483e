// Lightroom's own catalog backup, which Lightroom offers once a week unless told otherwise: who wishes has it offered at every quit. A copy that
// another program made in another way is worth having; the photographer may still skip it, and Safelight makes its own in any case.
import { inTask } from './tasks.js'

const LrApplication = lightroom('LrApplication')
const LrPrefs = lightroom('LrPrefs')

export function isOwnBackupWanted(): boolean {
  return LrPrefs.prefsForPlugin().wantsOwnBackup === true
}

/** Keeps the choice, and begins with this very quit; what Lightroom was asked cannot be taken back before the next start. */
export function wantOwnBackup(isWanted: boolean): void {
  LrPrefs.prefsForPlugin().wantsOwnBackup = isWanted
  askForOwnBackup()
}

/** Asked anew in every session: it holds for one quit. In a task, because more calls of Lightroom's yield than are said to. */
export function askForOwnBackup(): void {
  if (!isOwnBackupWanted()) return
  inTask('Safelight: offer Lightroom’s own backup', () => LrApplication.backupAtNextShutdown(_PLUGIN.id))
}
