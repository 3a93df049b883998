import { setTimeout as delay } from 'node:timers/promises'

/** Milliseconds that an upload waits in all, near a limit, for others to turn out smaller than announced, */
const WHOLE_MS = 45_000
/** and while nothing changes in the account. */
const QUIET_MS = 15_000
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 800

/** The waiting of one upload, with an end, in pauses that grow and differ, so that not all ask at the same time. */
export class Patience {
  #waitedMs = 0
  #seen = { revision: -1, atMs: 0 }
  #pause = FIRST_PAUSE_MS

  /** @param revision of the account that is waited for: as long as it changes, bytes may become free */
  isOver(revision: number): boolean {
    if (revision !== this.#seen.revision) this.#seen = { revision, atMs: this.#waitedMs }
    return this.#waitedMs > WHOLE_MS || this.#waitedMs - this.#seen.atMs > QUIET_MS
  }

  async pause(): Promise<void> {
    const began = Date.now()
    await delay(this.#pause * (0.5 + Math.random()))
    this.#waitedMs += Date.now() - began
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS)
  }
}
