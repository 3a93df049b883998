/** Time over which the speed is measured, in milliseconds. */
const WINDOW_MS = 5000

/** Measures bytes per second over the last seconds. */
export class Speed {
  #samples: { at: number; bytes: number }[] = []

  /** @param bytes sent since the last call @param now in milliseconds */
  add(bytes: number, now: number): void {
    this.#samples.push({ at: now, bytes })
    this.#forget(now)
  }

  /** Returns bytes per second; 0 if nothing was sent lately. */
  at(now: number): number {
    this.#forget(now)
    const [first] = this.#samples
    if (!first) return 0
    const bytes = this.#samples.reduce((sum, sample) => sum + sample.bytes, 0)
    return (bytes * 1000) / Math.max(1000, now - first.at)
  }

  #forget(now: number): void {
    while ((this.#samples[0]?.at ?? now) < now - WINDOW_MS) this.#samples.shift()
  }
}

/** Returns the seconds until the rest is sent; null if that cannot be told. */
export const secondsLeft = (bytes: number, speed: number): number | null =>
  speed > 0 && bytes > 0 ? bytes / speed : null
