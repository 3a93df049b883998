import { within } from '../clock.ts'

/** How long a value is answered again, in milliseconds. */
const KEPT_MS = 5000
/** Longest time that a caller waits for a value, in milliseconds. */
export const READ_MS = 2000

/**
 * Returns a function that reads a value at most every 5 s. It returns null when the value cannot be read within 2 s. A
 * read that takes longer continues, and no other one begins meanwhile.
 */
export function recentValue<T>(read: () => Promise<T>): () => Promise<T | null> {
  let last: { at: number; value: T } | null = null
  let reading: Promise<void> | null = null
  const readAgain = async () => {
    try {
      last = { at: performance.now(), value: await read() }
    } catch {
      // a value that cannot be read has no series
      last = null
    } finally {
      reading = null
    }
  }
  return async () => {
    if (last && performance.now() - last.at < KEPT_MS) return last.value
    reading ??= readAgain()
    return (await within(READ_MS, reading)) && last ? last.value : null
  }
}
