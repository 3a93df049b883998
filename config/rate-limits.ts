import { availableParallelism } from 'node:os'

const MINUTE = 60
const HOUR = 60 * MINUTE

const GUESSES = { points: 10, duration: 15 * MINUTE }

/** Numbers of wrong passwords after which the next one is refused. Durations are in seconds. */
export const PASSWORD_LIMITS = {
  /** Sign-ins to one account from one address. */
  account: GUESSES,
  /** Sign-ins from one address to accounts that have not signed in from it recently. */
  address: { points: 50, duration: 15 * MINUTE },
  /** Password checks of one signed-in user, from all addresses. */
  user: GUESSES,
  /** Passwords of one link from one address. */
  link: GUESSES,
} as const

/**
 * The limit of sign-ins by address does not apply to accounts that signed in from the address within this time, in
 * milliseconds.
 */
export const KNOWN_ADDRESS_MS = 30 * 24 * HOUR * 1000

/** Returns the limit of registrations per hour from one address. */
export const registrationLimit = (points: number) => ({ points, duration: HOUR })

/**
 * Searches of assets per process. Only two run at a time, because the embedded database shares the event loop with other
 * requests: with four, reads of one asset took twice as long under attack.
 */
export const SEARCH_QUEUE = { concurrency: 2, maxWaiting: 200 }

/**
 * Password hashes per process. They run in the four threads of libuv, and one stays free for files. Few run at a time, so
 * that correct passwords that are being checked cannot use up the limit of wrong ones.
 */
export const HASH_QUEUE = {
  concurrency: Math.min(3, availableParallelism()),
  maxWaiting: 100,
}

/**
 * Assets of earlier releases per process whose files are read for their first zip. Few are read at a time, because each
 * can have many gigabytes, and one of each client.
 */
export const CHECKSUM_QUEUE = { concurrency: 2, perKey: 1, maxWaiting: 50 }
