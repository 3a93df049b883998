/** Returns a time as the value of an `<input type="date">`, in the time zone of the browser. */
export function toDay(time: Date): string {
  const two = (number: number) => String(number).padStart(2, '0')
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
}

/** Returns the time a number of days from now. */
export const inDays = (days: number): Date => new Date(Date.now() + days * 86_400_000)

/** Returns the end of a day of an `<input type="date">`, in the time zone of the browser. */
export function endOfDay(day: string): Date {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(year, month - 1, date + 1)
}
