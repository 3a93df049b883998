import { setTimeout as delay } from 'node:timers/promises'

/** Where the time of day comes from, so that tests can turn it. */
export interface Clock {
  now(): Date
}

export const systemClock: Clock = { now: () => new Date() }

/** Waits for work for a limited time, in milliseconds. Returns whether it ended by then; rejects when it rejects. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const ended = new AbortController()
  const late = delay(ms, false, { signal: ended.signal }).catch(() => false)
  return Promise.race([work.then(() => true), late]).finally(() => ended.abort())
}
