import { HASH_QUEUE, SEARCH_QUEUE } from '../../config/rate-limits.ts'
import { FairQueue } from './fair-queue.ts'

/** The queues of a process. */
export interface Queues {
  /** Every bcrypt hash and comparison for a client, by the client's `addressKey`. */
  passwords: FairQueue
  /**
   * Every search of assets and every lookup of the assets of projects, by `user <id>` or, without a user, by
   * `address <key>` with the client's `addressKey`.
   */
  searches: FairQueue
}

export const createQueues = (): Queues => ({
  passwords: new FairQueue({
    name: 'passwords',
    full: 'Too many passwords wait to be checked; try again later.',
    ...HASH_QUEUE,
  }),
  searches: new FairQueue({
    name: 'searches',
    full: 'Too many searches wait; try again later.',
    ...SEARCH_QUEUE,
  }),
})
