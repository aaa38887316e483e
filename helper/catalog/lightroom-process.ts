// Which processes of this machine are Lightroom. Asks the system's own list; recognising a name in it is a pure function.
import { execa } from 'execa'

/** Name of Lightroom Classic and of Lightroom 5 and 6, on both systems. Its helpers ("Adobe Lightroom CEF Helper") outlive it and hold no
 *  catalog. The cloud Lightroom has the same name on Windows: taken for Classic, it only postpones a backup. */
const LIGHTROOM = /^(adobe (photoshop )?)?lightroom( classic)?( cc)?( \d+)?(\.exe)?$/i
const LIST_TIMEOUT_MS = 10_000

/** @returns process ids, or `unknown` when the list could not be had: then nobody may assume that Lightroom is gone */
export async function findLightroom(): Promise<readonly number[] | 'unknown'> {
  const isWindows = process.platform === 'win32'
  const options = { reject: false, timeout: LIST_TIMEOUT_MS } as const
  const result = isWindows
    ? await execa('tasklist', ['/FO', 'CSV', '/NH'], options)
    : await execa('ps', ['-A', '-o', 'pid=,comm='], options)
  if (result.failed) return 'unknown'
  return isWindows ? lightroomInTasklist(result.stdout) : lightroomInPs(result.stdout)
}

/** @param listing  `  1940 /Applications/…/Adobe Lightroom Classic` per line */
export function lightroomInPs(listing: string): number[] {
  return listing.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(.*)$/.exec(line)
    return match && isLightroom((match[2] ?? '').split('/').at(-1) ?? '') ? [Number(match[1])] : []
  })
}

/** @param listing  `"Lightroom.exe","1940","Console","1","812,344 K"` per line */
export function lightroomInTasklist(listing: string): number[] {
  return listing.split('\n').flatMap((line) => {
    const match = /^"([^"]*)","(\d+)"/.exec(line.trim())
    return match && isLightroom(match[1] ?? '') ? [Number(match[2])] : []
  })
}

function isLightroom(name: string): boolean {
  return LIGHTROOM.test(name.trim())
}
