// Where a bucket is heading: by what the last months brought, when it will have reached what is allowed there, and what it will cost then. Pure.
// A guess, and said to be one: nothing is decided by it.
import { inWords } from '../files/in-words.js'
import { estimateCosts, type Prices } from '../offsite/storage-class.js'
import type { Place } from '../../shared/methods.js'
import { DAY_MS } from './policy.js'

type BucketForecast = NonNullable<NonNullable<Place['bucket']>['forecast']>

/** When shoots were first met, and how large each is. */
export type Growth = readonly { readonly metMs?: number; readonly bytes: number }[]

const SPANS_DAYS = [90, 30] as const
const MONTH_DAYS = 365 / 12
/** Further ahead nobody guesses. */
const FURTHEST_DAYS = 10 * 365

/** By the last 90 days, or by the last 30 where less is known; by nothing where it is less than that, because what a library begins with is
 *  not what it grows by. */
export function growthOf(
  growth: Growth,
  nowMs: number,
): { readonly days: 30 | 90; readonly bytes: number } | undefined {
  const met = growth.flatMap(({ metMs, bytes }) => (metMs === undefined || metMs > nowMs ? [] : [{ metMs, bytes }]))
  const firstMs = Math.min(...met.map(({ metMs }) => metMs))
  const days = SPANS_DAYS.find((span) => nowMs - firstMs > span * DAY_MS)
  if (days === undefined) return undefined
  const sinceMs = nowMs - days * DAY_MS
  return { days, bytes: met.filter(({ metMs }) => metMs >= sinceMs).reduce((sum, { bytes }) => sum + bytes, 0) }
}

export interface ForecastFacts {
  /** There, and on their way. */
  readonly bytes: number
  readonly growth: Growth
  readonly quotaBytes?: number
  readonly prices?: Prices
  readonly nowMs: number
}

export function bucketForecast({ bytes, growth, quotaBytes, prices, nowMs }: ForecastFacts): {
  readonly forecast?: BucketForecast
} {
  const grown = growthOf(growth, nowMs)
  if (!grown) return {}
  const perDay = grown.bytes / grown.days
  const days = quotaBytes === undefined ? undefined : daysUntil(quotaBytes - bytes, perDay)
  const usd = (at: number): number | undefined => prices && estimateCosts(prices, at, 0).perMonthUsd
  const [inAYear, whenFull] = [usd(bytes + perDay * 365), quotaBytes === undefined ? undefined : usd(quotaBytes)]
  return {
    forecast: {
      days: grown.days,
      perMonthBytes: Math.round(perDay * MONTH_DAYS),
      inAYearBytes: Math.round(bytes + perDay * 365),
      ...(inAYear === undefined ? {} : { inAYearUsd: inAYear }),
      ...(days === undefined ? {} : { fullOn: new Date(nowMs + days * DAY_MS).toISOString().slice(0, 10) }),
      ...(days === undefined || whenFull === undefined ? {} : { whenFullUsd: whenFull }),
    },
  }
}

function daysUntil(leftBytes: number, perDay: number): number | undefined {
  if (leftBytes <= 0) return 0
  const days = leftBytes / perDay
  return days <= FURTHEST_DAYS ? days : undefined
}

export function forecastWords(
  { days, perMonthBytes, inAYearBytes, inAYearUsd, fullOn, whenFullUsd }: BucketForecast,
  quotaBytes: number | undefined,
): string {
  const usd = (amount: number | undefined): string =>
    amount === undefined ? '' : ` and about $${amount.toFixed(2)} a month`
  const basis = `${inWords(perMonthBytes)} a month by the last ${days} days`
  const year = `in a year ${inWords(inAYearBytes)}${usd(inAYearUsd)}`
  const full =
    quotaBytes === undefined
      ? ''
      : fullOn === undefined
        ? `; the ${inWords(quotaBytes)} that are allowed last for more than ten years`
        : `; the ${inWords(quotaBytes)} that are allowed are full about ${fullOn}${whenFullUsd === undefined ? '' : `, at about $${whenFullUsd.toFixed(2)} a month`}`
  return `grows by about ${basis}: ${year}${full}`
}
