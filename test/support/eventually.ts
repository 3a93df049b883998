import { setTimeout as pause } from 'node:timers/promises'

/** Repeats an assertion until it holds; rejects with its last error after `within` milliseconds. */
export async function eventually<T>(assertion: () => T | Promise<T>, within = 5000): Promise<T> {
  const deadline = Date.now() + within
  for (;;) {
    try {
      return await assertion()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await pause(10)
    }
  }
}
