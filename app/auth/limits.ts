import { PASSWORD_LIMITS, registrationLimit } from '../../config/rate-limits.ts'
import { asAppError } from '../../models/database-errors.ts'
import type { Queues } from '../queues/queues.ts'
import { addressKey, type ClientInfo } from './client-info.ts'
import { createLimiter, type Limiter } from './limiter.ts'

/** Checks a password; null when it is wrong. */
type Check<T> = () => Promise<T | null>

/**
 * Limits of sign-in and registration (OWASP Authentication Cheat Sheet, "Protect Against Automated Attacks").
 * A check runs in the queue of password hashes. Only wrong passwords count.
 *
 * @throws too_many_requests before the password is checked
 * @throws unavailable when the queue is full
 */
export interface Limits {
  /**
   * Runs the check of a sign-in.
   *
   * @param account one name for the account, whichever the client used
   * @param isKnown whether the account has signed in from the client's address of late
   */
  signingIn<T>(account: string, isKnown: boolean, client: ClientInfo, check: Check<T>): Promise<T | null>
  /** Runs the check of a signed-in user's password. It counts for this user alone. */
  confirming<T>(user: string, client: ClientInfo, check: Check<T>): Promise<T | null>
  /** Runs the check of a link's password. */
  openingLink<T>(link: string, client: ClientInfo, check: Check<T>): Promise<T | null>
  /**
   * Runs a registration. One that is refused counts like one that succeeds; one that the service could not serve
   * does not count.
   */
  registering<T>(client: ClientInfo, register: () => Promise<T>): Promise<T>
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

  /** Points are taken when it is the check's turn: checks that wait have not failed yet. */
  const inTurn = <T>({ address, signal }: ClientInfo, task: () => Promise<T>) =>
    passwords.run(addressKey(address), task, signal)

  return {
    signingIn: (account, isKnown, client, check) => {
      const address = addressKey(client.address)
      const counting = () => counted(perAccount, `${account} ${address}`, check)
      return inTurn(client, isKnown ? counting : () => counted(perAddress, address, counting))
    },
    confirming: (user, client, check) => inTurn(client, () => counted(perUser, user, check)),
    openingLink: (link, client, check) =>
      inTurn(client, () => counted(perLink, `${link} ${addressKey(client.address)}`, check)),
    async registering(client, register) {
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

/** Takes a point for a check, and gives it back when the password is right or the check fails with an error. */
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
