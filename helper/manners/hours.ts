// Hours of the day as the user writes them, `22:00-06:00`, by the clock on the wall. Pure.
import { WINDOW_PATTERN } from '../config.js'

interface Hours {
  readonly fromMinute: number
  readonly toMinute: number
}

function parseHours(text: string): Hours {
  const [, fromHour = '0', fromMinute = '0', toHour = '0', toMinute = '0'] = WINDOW_PATTERN.exec(text) ?? []
  return {
    fromMinute: Number(fromHour) * 60 + Number(fromMinute),
    toMinute: Number(toHour) * 60 + Number(toMinute),
  }
}

/** @param hours  those that end before they begin go past midnight
 *  @param now    of which the local time counts */
export function isWithin(hours: readonly string[], now: Date): boolean {
  const minute = now.getHours() * 60 + now.getMinutes()
  return hours
    .map(parseHours)
    .some(({ fromMinute, toMinute }) =>
      fromMinute <= toMinute ? minute >= fromMinute && minute < toMinute : minute >= fromMinute || minute < toMinute,
    )
}
