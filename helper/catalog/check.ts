// `catalog check`: every file that the catalog references, with its sidecars, accounted for. Works through the listing a slice at a time,
// within a budget of time and bytes, and says where it stopped so that the next run goes on from there. The disk is looked at in threads of
// its own, account.ts keeps the account, and what is known of copies comes in through `lookUp`.
import { Account } from './account.js'
import type { CheckDeps, CheckOptions, CheckResult } from './check-terms.js'
import type { Slice } from './columns.js'
import { LOOKING_THREADS, openLook } from './look.js'
import type { PackedLook } from './look-format.js'
import type { PrivateCopy } from './private-copy.js'
import { ROWS_PER_SLICE } from './reader.js'
import { openListing } from './worker.js'

/** Slices that are being looked at while an earlier one is judged: one in the hands of each thread, and the next. */
const AHEAD = LOOKING_THREADS * 2

/** @param copy  a private copy of the catalog, never the live one */
export async function checkCatalog(deps: CheckDeps, copy: PrivateCopy, options: CheckOptions): Promise<CheckResult> {
  const startedMs = deps.now()
  const { after = 0, signal, onProgress, budgetMs = Number.POSITIVE_INFINITY } = options
  const listing = openListing({ copy, rowsPerSlice: ROWS_PER_SLICE, after, withFormats: false }, signal)
  const look = openLook(signal)
  try {
    const outline = await listing.outline()
    const account = new Account(outline, options)
    look.begin(account.folders())
    let last: number | undefined
    let done = 0
    const begun: { slice: Slice; seen: Promise<PackedLook> }[] = []
    const judgeAllBut = async (left: number) => {
      for (const { slice, seen } of begun.splice(0, Math.max(0, begun.length - left)))
        await account.judge({ ...deps, look, listing }, slice, await seen)
    }
    for await (const slice of listing.slices()) {
      await judgeAllBut(AHEAD - 1)
      if (account.stoppedAt !== undefined) break
      if (last !== undefined && deps.now() - startedMs >= budgetMs) {
        await judgeAllBut(0)
        return account.result(last)
      }
      const seen = look.into(slice.json)
      // Awaited later; until then a failure must not count as unhandled.
      seen.catch(() => undefined)
      begun.push({ slice, seen })
      last = slice.lastId
      done += slice.count
      onProgress?.(done, outline.files)
    }
    await judgeAllBut(0)
    return account.result(account.stoppedAt === undefined ? undefined : account.stoppedAt - 1)
  } finally {
    await Promise.all([look.close(), listing.close()])
  }
}
