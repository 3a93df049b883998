const MINUTE = 60
const HOUR = 60 * MINUTE

/** Failed sign-ins, of one account from one address and from one address (contract §2); durations in seconds. */
export const SIGN_IN_LIMITS = {
  account: { points: 10, duration: 15 * MINUTE },
  address: { points: 50, duration: 15 * MINUTE },
} as const

/** Registrations from one address. */
export const registrationLimit = (points: number) => ({ points, duration: HOUR })

/**
 * Passwords checked at a time: fewer than libuv has threads (4), so that files are still read meanwhile,
 * and so few that those under way cannot fill a limit which only failures should fill.
 */
export const PASSWORD_CHECKS_AT_A_TIME = 3
