import { setTimeout as pause } from 'node:timers/promises'

/** Milliseconds until an assertion must pass on a slow machine. */
const WITHIN_MS = 15_000
/** Tries of an assertion, even if the machine is so slow that they take longer than the deadline. */
const MIN_TRIES = 20

/** Repeats an assertion until it passes. Rejects with its last error after `within` milliseconds. */
export async function eventually<T>(assertion: () => T | Promise<T>, within = WITHIN_MS): Promise<T> {
  const deadline = Date.now() + within
  for (let tries = 1; ; tries++) {
    try {
      return await assertion()
    } catch (error) {
      if (Date.now() > deadline && tries >= MIN_TRIES) throw error
      await pause(10)
    }
  }
}
