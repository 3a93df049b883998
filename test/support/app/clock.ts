import type { Clock } from '../../../app/clock.ts'

/** A clock that runs with the real one, ahead of it by what tests have added. */
export class TestClock implements Clock {
  #ahead = 0

  now(): Date {
    return new Date(Date.now() + this.#ahead)
  }

  /** @param duration in milliseconds */
  advance(duration: number): void {
    this.#ahead += duration
  }
}
