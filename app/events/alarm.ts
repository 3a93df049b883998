import { setTimeout as delay } from 'node:timers/promises'

/** Something to sleep by: until a time has passed, or somebody rings. A ring is never missed. */
export class Alarm {
  #rung = false
  #sleep: AbortController | undefined

  ring(): void {
    this.#rung = true
    this.#sleep?.abort()
  }

  async sleep(ms: number): Promise<void> {
    if (!this.#rung) {
      this.#sleep = new AbortController()
      const { signal } = this.#sleep
      await delay(ms, undefined, { signal, ref: false }).catch(() => undefined)
    }
    this.#rung = false
  }
}
