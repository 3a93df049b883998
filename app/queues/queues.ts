import { HASH_QUEUE, SEARCH_QUEUE } from '../../config/rate-limits.ts'
import { FairQueue } from './fair-queue.ts'

/** The queues of a process, which share its resources fairly among clients. */
export interface Queues {
  /** Runs every bcrypt hash and comparison for a client. The key is the client's `addressKey`. */
  passwords: FairQueue
  /**
   * Runs every search of assets and every lookup of the assets of projects. The key is `user <id>` or, for an anonymous
   * client, `address <key>` with the client's `addressKey`.
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
