import { costOf } from '../../models/password.ts'
import { slowestPasswordHash } from '../../models/user-credentials.ts'
import type { Clock } from '../clock.ts'

const HOUR_MS = 3_600_000

/** Returns the highest cost of a password hash in use. */
export type SlowestHash = () => Promise<number>

/**
 * Reads the highest cost from the accounts once an hour, because hashes of a former `BCRYPT_COST` go only when their
 * users sign in.
 *
 * @param cost of new hashes
 */
export function createSlowestHash(cost: number, clock: Clock): SlowestHash {
  let known: { cost: number; until: number } | null = null
  return async () => {
    const now = clock.now().getTime()
    if (!known || known.until <= now) {
      const slowest = await slowestPasswordHash()
      known = { cost: Math.max(cost, slowest ? costOf(slowest) : cost), until: now + HOUR_MS }
    }
    return known.cost
  }
}
