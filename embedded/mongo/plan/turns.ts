import { setImmediate as nextTurn } from 'node:timers/promises'
import { CommandError } from '../errors.ts'

/** Milliseconds after which a read lets other work of the process run. */
const TURN_MS = 10
/** Documents between two looks at the clock. */
const STEPS = 64

/** Divides the work of a read into turns, so that it does not block the event loop, and ends it after `maxTimeMS`. */
export class Turns {
  readonly #endsAt: number
  #turnEndsAt = performance.now() + TURN_MS
  #steps = 0

  /** @param maxTimeMS 0: no limit, as in MongoDB */
  constructor(maxTimeMS: unknown) {
    this.#endsAt = performance.now() + (Number(maxTimeMS) || Number.POSITIVE_INFINITY)
  }

  /** Returns whether the turn is over; then call `next`. Call it for each document. */
  isOver(): boolean {
    this.#steps += 1
    return this.#steps % STEPS === 0 && performance.now() >= this.#turnEndsAt
  }

  /**
   * Waits until other work has run.
   *
   * @throws 50 when the time of the command is over
   */
  async next(): Promise<void> {
    if (performance.now() >= this.#endsAt) throw new CommandError(50, 'operation exceeded time limit')
    await nextTurn()
    this.#turnEndsAt = performance.now() + TURN_MS
  }
}
