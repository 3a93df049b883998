import { availableParallelism } from 'node:os'

const MINUTE = 60
const HOUR = 60 * MINUTE

const GUESSES = { points: 10, duration: 15 * MINUTE }

/** Wrong passwords until the next one is refused; durations in seconds. */
export const PASSWORD_LIMITS = {
  /** Sign-ins to one account from one address. */
  account: GUESSES,
  /** Sign-ins from one address to accounts that have not signed in from it of late. */
  address: { points: 50, duration: 15 * MINUTE },
  /** Password checks of one signed-in user, from all addresses. */
  user: GUESSES,
  /** Passwords of one link from one address. */
  link: GUESSES,
} as const

/** The limit of 50 does not hold for an account that signed in from the address within this time, in milliseconds. */
export const KNOWN_ADDRESS_MS = 30 * 24 * HOUR * 1000

/** Registrations from one address. */
export const registrationLimit = (points: number) => ({ points, duration: HOUR })

/**
 * Searches of assets in a process. Two run at a time, so that the embedded database, which shares the event loop, lets
 * other requests through: with four, reads of one asset took twice as long under attack.
 */
export const SEARCH_QUEUE = { concurrency: 2, maxWaiting: 200 }

/**
 * Password hashes of a process. They run in threads of libuv, which has 4: some stay free for files. The number is so low that right passwords under way cannot use up a limit of wrong ones.
 */
export const HASH_QUEUE = {
  concurrency: Math.min(3, availableParallelism()),
  maxWaiting: 100,
}
