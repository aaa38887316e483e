import type { Place } from '../../shared/methods.js'

/** What a bucket costs, as far as list prices tell. */
export function costWords({
  provider,
  pricesAsOf,
  perMonthUsd,
  perMonthWithWaitingUsd,
  getBackUsd,
}: NonNullable<NonNullable<Place['bucket']>['costs']>): string {
  const usd = (amount: number): string => `$${amount.toFixed(2)}`
  const later = perMonthWithWaitingUsd > perMonthUsd ? ` (${usd(perMonthWithWaitingUsd)} with what waits)` : ''
  return `costs about ${usd(perMonthUsd)} a month${later}, and ${usd(getBackUsd)} to bring all of it home: ${provider}, list prices of ${pricesAsOf}, without earlier versions`
}
