const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** Returns a number of bytes for people, in powers of 1000: `1.2 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0
  return `${value.toFixed(digits)} ${UNITS[unit]}`
}

const DAY = new Intl.DateTimeFormat('en', { dateStyle: 'medium' })
const MOMENT = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })

/** Returns the day of a time of the API, in the time zone of the browser. */
export const formatDay = (time: string): string => DAY.format(new Date(time))

/** Returns the day and time of a time of the API, in the time zone of the browser. */
export const formatMoment = (time: string): string => MOMENT.format(new Date(time))

/** Returns a duration in seconds for people: `about 2 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`
}
