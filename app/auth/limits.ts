import mongoose from 'mongoose'
import { RateLimiterMongo, RateLimiterRes } from 'rate-limiter-flexible'
import { PASSWORD_LIMITS, registrationLimit } from '../../config/rate-limits.ts'
import { Attempt } from '../../models/attempt.ts'
import { asAppError } from '../../models/database-errors.ts'
import { tooManyRequests } from '../errors.ts'
import type { Queues } from '../queues/queues.ts'
import { addressKey, type ClientInfo } from './client-info.ts'

/** Checks a password. Returns null when it is wrong. */
type Check<T> = () => Promise<T | null>

/**
 * Limits the attempts to sign in and to register (OWASP Authentication Cheat Sheet, "Protect Against Automated
 * Attacks"). A check runs in the queue of password hashes. Only wrong passwords count.
 *
 * @throws too_many_requests before the password is checked
 * @throws unavailable when the queue is full
 */
export interface Limits {
  /**
   * Runs the check of a sign-in.
   *
   * @param account an identifier of the account that does not depend on the name that the client used
   * @param isKnown whether the account signed in from the client's address recently
   */
  checkSignIn<T>(account: string, isKnown: boolean, client: ClientInfo, check: Check<T>): Promise<T | null>
  /** Runs the check of a signed-in user's password. It counts for this user, from all addresses. */
  checkUserPassword<T>(user: string, client: ClientInfo, check: Check<T>): Promise<T | null>
  /** Runs the check of a link's password. */
  checkLinkPassword<T>(link: string, client: ClientInfo, check: Check<T>): Promise<T | null>
  /** Runs a registration. It counts unless it fails with a server error (5xx). */
  countRegistration<T>(client: ClientInfo, register: () => Promise<T>): Promise<T>
}

interface Options {
  /** 0: no limit. */
  registrationsPerHour: number
}

export function createLimits({ registrationsPerHour }: Options, { passwords }: Queues): Limits {
  const perAddress = createLimiter('address', PASSWORD_LIMITS.address)
  const perAccount = createLimiter('account', PASSWORD_LIMITS.account)
  const perUser = createLimiter('user', PASSWORD_LIMITS.user)
  const perLink = createLimiter('link', PASSWORD_LIMITS.link)
  const registrations = createLimiter('register', registrationLimit(registrationsPerHour))

  /** Points are taken when the task starts, because a check that waits has not failed yet. */
  const queued = <T>({ address, signal }: ClientInfo, task: () => Promise<T>) =>
    passwords.run(addressKey(address), task, signal)

  return {
    checkSignIn: (account, isKnown, client, check) => {
      const address = addressKey(client.address)
      const counting = () => counted(perAccount, `${account} ${address}`, check)
      return queued(client, isKnown ? counting : () => counted(perAddress, address, counting))
    },
    checkUserPassword: (user, client, check) => queued(client, () => counted(perUser, user, check)),
    checkLinkPassword: (link, client, check) =>
      queued(client, () => counted(perLink, `${link} ${addressKey(client.address)}`, check)),
    async countRegistration(client, register) {
      if (registrationsPerHour === 0) return register()
      const address = addressKey(client.address)
      await registrations.take(address)
      try {
        return await register()
      } catch (error) {
        if ((asAppError(error)?.status ?? 500) >= 500) await registrations.giveBack(address)
        throw error
      }
    },
  }
}

/** Takes a point for a check. Gives it back when the password is right or the check throws an error. */
async function counted<T>(limiter: Limiter, key: string, check: Check<T>): Promise<T | null> {
  await limiter.take(key)
  let isWrong = false
  try {
    const outcome = await check()
    isWrong = outcome === null
    return outcome
  } finally {
    if (!isWrong) await limiter.giveBack(key)
  }
}

interface Limit {
  points: number
  /** Seconds. */
  duration: number
}

/** Counts in the database, for all processes together. */
interface Limiter {
  /** Takes one point of a key. @throws too_many_requests, without counting, when the key has no points left */
  take(key: string): Promise<void>
  /** Undoes a `take`. */
  giveBack(key: string): Promise<void>
}

/** @param name the prefix of the limiter's keys, which separates them from those of other limiters */
function createLimiter(name: string, { points, duration }: Limit): Limiter {
  const limiter = new RateLimiterMongo({
    storeClient: mongoose.connection,
    tableName: Attempt.collection.collectionName,
    disableIndexesCreation: true,
    keyPrefix: name,
    points,
    duration,
  })
  return {
    async take(key) {
      try {
        await limiter.consume(key)
      } catch (error) {
        if (!(error instanceof RateLimiterRes)) throw error
        await Attempt.giveBack(`${name}:${key}`)
        throw tooManyRequests(error.msBeforeNext / 1000)
      }
    },
    giveBack: (key) => Attempt.giveBack(`${name}:${key}`),
  }
}
