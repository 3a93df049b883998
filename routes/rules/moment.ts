const DAY_MS = 86_400_000
/** The first moment whose year has five digits, which no ISO 8601 string of 24 characters can express. */
const YEAR_10000 = Date.UTC(10_000, 0)
const YEAR_0 = new Date('0000-01-01T00:00:00Z').getTime()

/** Length of the longest date-time that is parsed, in characters. */
const MAX_LENGTH = 64

const DAY = /^(\d{4})-(\d\d)-(\d\d)$/
const TIME = /^T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))$/

/** Which end of a date without a time is meant: `createdAfter` means its start, `createdBefore` and `expiresAt` its end. */
export type DayEdge = 'start' | 'end'

/**
 * Reads a date-time with a zone (RFC 3339 §5.6; fractions are truncated to milliseconds), or a date without a time, which
 * means the whole day in UTC. The end of a day is the start of the next one; of the last day of 9999 it is its last millisecond.
 *
 * @returns null for any other text, for a day or time that does not exist, and outside the years 0 to 9999
 */
export function parseMoment(text: string, edge: DayEdge): Date | null {
  if (text.length > MAX_LENGTH) return null
  const date = readDay(text.slice(0, 10))
  if (date === null) return null
  if (text.length === 10) return new Date(edge === 'start' ? date : Math.min(date + DAY_MS, YEAR_10000 - 1))
  const offset = readTime(text.slice(10).toUpperCase())
  const at = offset === null ? Number.NaN : date + offset
  return at >= YEAR_0 && at < YEAR_10000 ? new Date(at) : null
}

/** Returns the start of a day in UTC, as milliseconds. */
function readDay(text: string): number | null {
  const [, year, month, day] = DAY.exec(text)?.map(Number) ?? []
  if (year === undefined || month === undefined || day === undefined) return null
  const date = new Date(YEAR_0)
  date.setUTCFullYear(year, month - 1, day)
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : null
}

/** Returns the milliseconds from the start of the day in UTC; the zone offset can make them negative or more than a day. */
function readTime(text: string): number | null {
  const [
    found,
    hours = '',
    minutes = '',
    seconds = '',
    fraction = '',
    sign,
    zoneHours = '0',
    zoneMinutes = '0',
  ] = TIME.exec(text) ?? []
  if (!found || Number(hours) > 23 || Number(minutes) > 59) return null
  if (Number(zoneHours) > 23 || Number(zoneMinutes) > 59) return null
  const zone = (sign === '-' ? -1 : 1) * (Number(zoneHours) * 60 + Number(zoneMinutes))
  const minute = Number(hours) * 60 + Number(minutes) - zone
  // a leap second is the last of a day in UTC (RFC 3339 §5.7)
  const isLeap = Number(seconds) === 60 && (minute + 1) % 1440 === 0
  if (Number(seconds) > 59 && !isLeap) return null
  return (minute * 60 + Number(seconds)) * 1000 + Number(fraction.padEnd(3, '0').slice(0, 3))
}
