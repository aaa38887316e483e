// The methods that bring photos back and make copies whole: whose turn it is, and how long an answer may be; the rest is the restore room's.
import { readConfig } from '../config.js'
import type { RestoreRoom } from '../restore/room.js'
import type { Handlers } from '../server/handlers.js'
import type { Activity } from '../status/activity.js'
import { ThawKeeper, type ThawKeeperDeps } from '../upkeep/thaw-keeper.js'
import type { Workshop } from './workshop.js'

export function restoreHandlers(
  shop: Workshop,
  room: RestoreRoom,
): Pick<Handlers, 'restore/plan' | 'restore/run' | 'heal/run'> {
  return {
    'restore/plan': (params, { signal }) => room.plan(params, signal),
    'restore/run': async (params, { client, signal, progress }) => {
      const result = await shop.byTurns(() => room.restore(params, signal, (each) => progress(each)))
      return { ...result, restored: asLongAs(result.restored, client.kind === 'cli' ? CLI_LIST_BYTES : LIST_BYTES) }
    },
    'heal/run': (params, { signal, progress }) => shop.alone(() => room.heal(params, signal, (each) => progress(each))),
  }
}

/** Goes on with restores that wait for cold storage, in the restores' turns. */
export function thawKeeper(
  shop: Workshop,
  room: RestoreRoom,
  activity: Activity,
  tickMs: number,
  onFault: ThawKeeperDeps['onFault'],
): ThawKeeper {
  const { journal, clock } = shop
  return new ThawKeeper(
    {
      journal,
      clock,
      onFault,
      goOn: (row, signal) =>
        room.goOn(
          row,
          (params, stop) =>
            activity.during(`Bringing ${row.title} back from cold storage`, (progress) =>
              shop.awake.during(() => shop.byTurns(() => room.restore(params, stop, progress))),
            ),
          signal,
        ),
    },
    { tickMs, lookMs: readConfig(shop.home).coldLookMinutes * 60_000 },
  )
}

/** What the plugin can take in one message, and what the command line can be sent in parts, with room for the rest of the answer. */
const LIST_BYTES = 512 * 1024
const CLI_LIST_BYTES = 32 * 1024 * 1024

/** The head of a list that, written as JSON, is not longer than this. */
function asLongAs(list: readonly string[], maxBytes: number): readonly string[] {
  let bytes = 0
  const end = list.findIndex((each) => (bytes += Buffer.byteLength(JSON.stringify(each)) + 1) > maxBytes)
  return end < 0 ? list : list.slice(0, end)
}
