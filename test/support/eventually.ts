import { setTimeout as pause } from 'node:timers/promises'

/** However long the machine stands still, an assertion is tried so often. */
const LEAST_TRIES = 20

/** Repeats an assertion until it holds; rejects with its last error after `within` milliseconds. */
export async function eventually<T>(assertion: () => T | Promise<T>, within = 5000): Promise<T> {
  const deadline = Date.now() + within
  for (let tries = 1; ; tries++) {
    try {
      return await assertion()
    } catch (error) {
      if (Date.now() > deadline && tries >= LEAST_TRIES) throw error
      await pause(10)
    }
  }
}
