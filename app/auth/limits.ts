import pLimit from 'p-limit'
import { PASSWORD_CHECKS_AT_A_TIME, registrationLimit, SIGN_IN_LIMITS } from '../../config/rate-limits.ts'
import { createLimiter, type Limiter } from './limiter.ts'

export interface Limits {
  /**
   * Runs a check of a password, which answers null when it is wrong. Only wrong ones count.
   *
   * @param account one name for the account, whichever the caller used
   * @throws too_many_requests before the password is checked
   */
  checking<T>(account: string, address: string | undefined, check: () => Promise<T | null>): Promise<T | null>
  /** Runs a registration; only successful ones count. @throws too_many_requests */
  registering<T>(address: string | undefined, register: () => Promise<T>): Promise<T>
}

/** The limits of sign-in and registration (OWASP Authentication Cheat Sheet, "Protect Against Automated Attacks"). */
export function createLimits({ registrationsPerHour }: { registrationsPerHour: number }): Limits {
  const perAddress = createLimiter('address', SIGN_IN_LIMITS.address)
  const perAccount = createLimiter('account', SIGN_IN_LIMITS.account)
  const registrations = createLimiter('register', registrationLimit(registrationsPerHour))
  const oneOfFew = pLimit(PASSWORD_CHECKS_AT_A_TIME)

  return {
    checking: (account, address = 'unknown', check) =>
      oneOfFew(() =>
        counted(perAddress, address, isNull, () =>
          counted(perAccount, `${account} ${address}`, isNull, check),
        ),
      ),
    registering: (address = 'unknown', register) =>
      registrationsPerHour === 0 ? register() : counted(registrations, address, () => true, register),
  }
}

const isNull = (outcome: unknown) => outcome === null

/** Takes a point for a run and gives it back when the run fails or its outcome does not count. */
async function counted<T>(
  limiter: Limiter,
  key: string,
  counts: (outcome: T) => boolean,
  run: () => Promise<T>,
): Promise<T> {
  await limiter.take(key)
  let keep = false
  try {
    const outcome = await run()
    keep = counts(outcome)
    return outcome
  } finally {
    if (!keep) await limiter.giveBack(key)
  }
}
