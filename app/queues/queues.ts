import { CHECKSUM_QUEUE, HASH_QUEUE, SEARCH_QUEUE } from '../../config/rate-limits.ts'
import type { Viewer } from '../../models/asset-access.ts'
import { asAppError } from '../../models/database-errors.ts'
import { addressKey, type ClientInfo } from '../auth/client-info.ts'
import { FairQueue } from './fair-queue.ts'

/** The queues of a process, which share its resources fairly among clients. */
export interface Queues {
  /** Runs every bcrypt hash and comparison for a client. The key is the client's `addressKey`. */
  passwords: FairQueue
  /** Runs every search of assets and every lookup of the assets of projects. The key is that of `callerKey`. */
  searches: FairQueue
  /** Reads files of earlier releases for their first zip. The key is that of `callerKey`. */
  checksums: FairQueue
}

/** Returns `user <id>` or, for an anonymous client, `address <key>` with the client's `addressKey`. */
export const callerKey = (viewer: Viewer, { address }: Pick<ClientInfo, 'address'>): string =>
  viewer ? `user ${viewer._id}` : `address ${addressKey(address)}`

export const createQueues = (): Queues => ({
  passwords: new FairQueue({
    name: 'passwords',
    full: 'Too many passwords wait to be checked; try again later.',
    ...HASH_QUEUE,
  }),
  searches: new FairQueue({
    name: 'searches',
    full: 'Too many searches wait; try again later.',
    // the database is away
    isCommon: (error) => asAppError(error)?.code === 'unavailable',
    ...SEARCH_QUEUE,
  }),
  checksums: new FairQueue({
    name: 'checksums',
    full: 'Too many zips of older files wait to be prepared; try again later.',
    ...CHECKSUM_QUEUE,
  }),
})
