/** Requests of an upload that are repeated without a question. */
export const MAX_ATTEMPTS = 8
/** Shortest and longest time before a repetition, in milliseconds. */
const FIRST_DELAY_MS = 3000
const LONGEST_DELAY_MS = 60_000
/** Longest time that a service can ask for, in milliseconds. Timers of browsers take at most 24 days. */
const LONGEST_TOLD_MS = 3_600_000

/** Errors after which the same request can succeed later. */
const PASSING = new Set(['network', 'timeout', 'unavailable', 'too_many_requests'])

export interface Failure {
  code: string
  /** The header `Retry-After` of the answer. */
  retryAfter?: string | null
}

/**
 * Returns after how many milliseconds a failed request is repeated; null if it is not. Doubles with each attempt, and is at
 * least what the service says, up to an hour.
 */
export function delayAfter(
  { code, retryAfter = null }: Failure,
  attempts: number,
  now: number,
): number | null {
  if (attempts >= MAX_ATTEMPTS) return null
  const told = parseRetryAfter(retryAfter, now)
  if (told === null && !PASSING.has(code)) return null
  return Math.max(
    Math.min(LONGEST_TOLD_MS, told ?? 0),
    Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempts - 1)),
  )
}

/** Returns the milliseconds that a `Retry-After` header names: seconds or a date. */
export function parseRetryAfter(value: string | null, now: number): number | null {
  if (!value) return null
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? null : Math.max(0, at - now)
}
