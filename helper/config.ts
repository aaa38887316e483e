// Where the home is and what the user has settled in it. The home can be named on the command line, by SAFELIGHT_HOME, or is the one that
// the system keeps such things in.
import os from 'node:os'
import path from 'node:path'

export function homeFolder(
  given: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  if (given !== undefined && given !== '') return path.resolve(given)
  const named = environment['SAFELIGHT_HOME']
  if (named !== undefined && named !== '') return path.resolve(named)
  const user = os.homedir()
  if (platform === 'darwin') return path.join(user, 'Library', 'Application Support', 'Safelight')
  if (platform === 'win32')
    return path.join(environment['APPDATA'] ?? path.join(user, 'AppData', 'Roaming'), 'Safelight')
  return path.join(environment['XDG_STATE_HOME'] ?? path.join(user, '.local', 'state'), 'Safelight')
}
