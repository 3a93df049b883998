/** Requests of an upload that are repeated without a question. */
export const MAX_ATTEMPTS = 8
/** Shortest and longest time before a repetition, in milliseconds. */
const FIRST_DELAY_MS = 3000
const LONGEST_DELAY_MS = 60_000

/** Errors after which the same request can succeed later. */
const PASSING = new Set(['network', 'timeout', 'unavailable', 'too_many_requests'])

export interface Failure {
  code: string
  /** What `Retry-After` says, in milliseconds. */
  retryAfterMs?: number | null
}

/**
 * Returns after how many milliseconds a failed request is repeated; null if it is not. Doubles with each attempt, unless
 * the service says when.
 */
export function delayAfter({ code, retryAfterMs = null }: Failure, attempts: number): number | null {
  if (attempts >= MAX_ATTEMPTS) return null
  if (retryAfterMs !== null) return Math.max(retryAfterMs, 1000)
  if (!PASSING.has(code)) return null
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempts - 1))
}

/** Returns the milliseconds that a `Retry-After` header names: seconds or a date. */
export function parseRetryAfter(value: string | null, now: number): number | null {
  if (!value) return null
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? null : Math.max(0, at - now)
}
