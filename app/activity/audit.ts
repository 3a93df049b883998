import type { Types } from 'mongoose'
import type { Logger } from 'pino'
import type { Config } from '../../config/env.ts'
import { type Action, Activity, type Details, type Target } from '../../models/activity.ts'
import type { Clock } from '../clock.ts'

const DAY = 86_400_000

/** From where something is asked. */
export interface Origin {
  address: string | null
  userAgent: string | null
  requestId: string | null
}

/** Of what the service does by itself. */
export const NOWHERE: Origin = { address: null, userAgent: null, requestId: null }

/** Something that was done, or tried. Nothing secret in it: no password, no token, no text that may be one. */
export interface Act {
  action: Action
  /** Who did it, or with whose account it was tried; null for nobody we know. */
  user: Types.ObjectId | null
  /** To whom it was done, where that is another: it is in their activity too. */
  concerns?: Types.ObjectId
  target?: Target
  details?: Details
}

/**
 * Puts an act on record, after it is done. A record that cannot be written does not undo the act, nor make it
 * look undone: it goes to the log, as an error, with all that would have been in it.
 */
export type Audit = (act: Act, origin?: Origin) => Promise<void>

interface AuditDependencies {
  clock: Clock
  config: Pick<Config, 'activity'>
  log: Logger
}

export function createAudit({ clock, config, log }: AuditDependencies): Audit {
  return async ({ action, user, concerns, target, details = {} }, origin = NOWHERE) => {
    const at = clock.now()
    const activity = {
      at,
      action,
      user,
      accounts: distinct(user, concerns),
      target: target ?? null,
      ...origin,
      details,
      expiresAt: new Date(at.getTime() + config.activity.days * DAY),
    }
    try {
      await Activity.create(activity)
    } catch (error) {
      log.error({ err: error, activity }, 'an act is not on record')
    }
  }
}

function distinct(user: Act['user'], concerns: Act['concerns']): Types.ObjectId[] {
  return [user, user && concerns?.equals(user) ? null : concerns].flatMap((account) => account ?? [])
}
