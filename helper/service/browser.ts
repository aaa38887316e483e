// Opens an address of this computer in the user's own browser. Which program does that is the system's affair; whether there is one is found
// out by trying. The address holds a code that works once and for a minute, so that it may be seen by other programs for a moment.
import { execa } from 'execa'

/** What opens an address here. Pure. */
export function opener(
  platform: NodeJS.Platform,
  url: string,
): { readonly file: string; readonly args: readonly string[] } {
  if (platform === 'darwin') return { file: 'open', args: [url] }
  // Not through cmd.exe, which reads & and ^ in an address.
  if (platform === 'win32') return { file: 'rundll32', args: ['url.dll,FileProtocolHandler', url] }
  return { file: 'xdg-open', args: [url] }
}

/** On Linux a browser needs a display; without one the opener may take its time to find that out. */
export function hasDisplay(platform: NodeJS.Platform, environment: NodeJS.ProcessEnv): boolean {
  if (platform === 'darwin' || platform === 'win32') return true
  return [environment['DISPLAY'], environment['WAYLAND_DISPLAY']].some((each) => each !== undefined && each !== '')
}

const OPEN_MS = 10_000

/** @returns whether a browser was asked to show it; it says nothing itself */
export async function openInBrowser(url: string): Promise<boolean> {
  if (!hasDisplay(process.platform, process.env)) return false
  const { file, args } = opener(process.platform, url)
  const { failed } = await execa(file, [...args], { reject: false, stdio: 'ignore', timeout: OPEN_MS })
  return !failed
}
