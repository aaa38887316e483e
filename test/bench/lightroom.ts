// What Lightroom feels of the plugin while nothing happens, on a catalog of 100,000 photos; see test/lrplugin/idle.ts for how it is counted.
import { idleWork } from '../lrplugin/idle.js'
import { Session } from '../lrplugin/support.js'
import type { TableRow } from './table.js'

const PHOTOS = 100_000
const IDLE_SHARE = 0.01
const SLICE_MS = 50

export async function benchLightroom(): Promise<TableRow[]> {
  const session = new Session()
  try {
    const { shareOfCore, longestSliceMs, hostShareOfCore } = await idleWork(session, PHOTOS)
    return [
      {
        work: 'plugin, idle in a catalog of 100,000 photos (10⁸ Lua instructions a second are one core)',
        target: '≤ 1 % of a core',
        measured: `${percent(shareOfCore)}, ${(shareOfCore / IDLE_SHARE).toFixed(2)} × the target; ${percent(hostShareOfCore)} with all that counts it`,
        isMet: shareOfCore <= IDLE_SHARE,
      },
      {
        work: 'the same: longest turn without giving way',
        target: `≤ ${SLICE_MS} ms`,
        measured: `${longestSliceMs.toFixed(1)} ms, ${(longestSliceMs / SLICE_MS).toFixed(2)} × the target`,
        isMet: longestSliceMs <= SLICE_MS,
      },
    ]
  } finally {
    session.close()
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`
}
