import { setTimeout as delay } from 'node:timers/promises'

/** How long an upload at the edge of the space waits for others to turn out smaller than announced: */
const WHOLE_MS = 45_000
/** and how long while nothing changes in the account. */
const QUIET_MS = 15_000
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 800

/** Waiting that ends: in pauses that grow and differ, so that those who wait do not all ask at once. */
export class Patience {
  readonly #begun = Date.now()
  #seen = { revision: -1, at: this.#begun }
  #pause = FIRST_PAUSE_MS

  /** @param revision of what is waited for: as long as it changes there is hope */
  isOver(revision: number): boolean {
    const now = Date.now()
    if (revision !== this.#seen.revision) this.#seen = { revision, at: now }
    return now - this.#begun > WHOLE_MS || now - this.#seen.at > QUIET_MS
  }

  async pause(): Promise<void> {
    await delay(this.#pause * (0.5 + Math.random()))
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS)
  }
}
