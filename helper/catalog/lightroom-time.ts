// Lightroom's clock: seconds since 2001-01-01T00:00:00Z, as a REAL, with a value that means "never".

const EPOCH_2001_MS = 978_307_200_000
const NEVER_SECONDS = -63_113_817_600

/** @param seconds  a column as SQLite gave it; text and NULL happen
 *  @returns        milliseconds since 1970, or undefined for "never" and for what is no time */
export function fromLightroomTime(seconds: unknown): number | undefined {
  const value = typeof seconds === 'string' && seconds !== '' ? Number(seconds) : seconds
  if (typeof value !== 'number' || !Number.isFinite(value) || value === NEVER_SECONDS) return undefined
  return EPOCH_2001_MS + value * 1000
}
