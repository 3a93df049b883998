import { setTimeout as delay } from 'node:timers/promises'

/** The source of the current time. Tests replace it. */
export interface Clock {
  now(): Date
}

export const systemClock: Clock = { now: () => new Date() }

/** Waits at most `ms` milliseconds for work. Returns whether it ended in time; rejects if the work rejects. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const ended = new AbortController()
  const late = delay(ms, false, { signal: ended.signal }).catch(() => false)
  return Promise.race([work.then(() => true), late]).finally(() => ended.abort())
}
