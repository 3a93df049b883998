import type { Types } from 'mongoose'
import type { Logger } from 'pino'
import type { Config } from '../../config/env.ts'
import { type Action, Activity, type Details, type Target } from '../../models/activity.ts'
import type { ClientInfo } from '../auth/client-info.ts'
import type { Clock } from '../clock.ts'

const DAY = 86_400_000

/** Something that a user did or tried. Contains no passwords, no tokens and no free text from users. */
export interface AuditEntry {
  action: Action
  /** The account that did it, or that a sign-in named. Null when no account is known. */
  user: Types.ObjectId | null
  /** Another account that it concerns. It appears in the activity list of that account too. */
  concerns?: Types.ObjectId
  target?: Target
  details?: Details
}

/**
 * Records an action after it was done. If the record cannot be written, the action still counts as done: the whole
 * entry is logged as an error.
 *
 * @param client absent for actions of the service itself
 */
export type Audit = (entry: AuditEntry, client?: ClientInfo) => Promise<void>

interface AuditDependencies {
  clock: Clock
  config: Pick<Config, 'activity'>
  log: Logger
}

export function createAudit({ clock, config, log }: AuditDependencies): Audit {
  return async ({ action, user, concerns, target, details = {} }, client) => {
    const at = clock.now()
    const activity = {
      at,
      action,
      user,
      accounts: distinct(user, concerns),
      target: target ?? null,
      address: client?.address ?? null,
      userAgent: client?.userAgent ?? null,
      requestId: client?.requestId ?? null,
      details,
      expiresAt: new Date(at.getTime() + config.activity.days * DAY),
    }
    try {
      await Activity.create(activity)
    } catch (error) {
      log.error({ err: error, activity }, 'an activity could not be recorded')
    }
  }
}

/** Returns the context with an audit function that records the client of a request. */
export const contextFor = <C extends { audit: Audit }>(context: C, client: ClientInfo): C => ({
  ...context,
  audit: (entry) => context.audit(entry, client),
})

function distinct(user: AuditEntry['user'], concerns: AuditEntry['concerns']): Types.ObjectId[] {
  return [user, user && concerns?.equals(user) ? null : concerns].flatMap((account) => account ?? [])
}
