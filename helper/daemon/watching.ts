// What the helper tells with nobody asking: notices to the page, the desktop and whoever else is to hear of them.
import { readConfig } from '../config.js'
import { isWithin } from '../manners/hours.js'
import { StatusWatch, type WatchDeps, type WatchTimes } from '../status/watch.js'
import { statusOf } from './status-handlers.js'
import type { Workshop } from './workshop.js'

/** Begins to tell what is to be told, with nobody asking. */
export function startWatch(
  shop: Workshop,
  onFault: WatchDeps['onFault'],
  times?: WatchTimes,
  onStatus?: WatchDeps['onStatus'],
): StatusWatch {
  const watch = new StatusWatch(
    {
      files: shop.files,
      journal: shop.journal,
      volumes: shop.volumes,
      clock: shop.clock,
      home: shop.home,
      policy: () => shop.policy(),
      drivesAnswer: () => shop.drivesAnswer(),
      status: () => statusOf(shop),
      config: () => readConfig(shop.home).notify,
      broadcast: (kind, message) => shop.announce(kind, message),
      isQuiet: () => isWithin(readConfig(shop.home).quietHours, new Date(shop.clock())),
      onFault,
      ...(onStatus ? { onStatus } : {}),
    },
    times,
  )
  shop.silentMs = () => watch.silentNow()
  watch.start()
  return watch
}
