import { randomUUID } from 'node:crypto'
import type { Types } from 'mongoose'
import type { Logger } from 'pino'
import type { Config } from '../../config/env.ts'
import {
  type Action,
  type Change,
  changeExpiry,
  type Details,
  Event,
  type Target,
} from '../../models/event.ts'
import { isUserReader } from '../../models/plugins/sharing.ts'
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

/** A change for subscribers. By default the readers are null and the space did not change. */
type NewChange = Pick<Change, 'kind' | 'owner'> & Partial<Change>

/** A change, an action of a user, or an action that made a change. */
export type NewEvent = (AuditEntry & Partial<Change>) | (NewChange & Partial<AuditEntry>)

type Listener = (change: Change) => void

/**
 * Records what happened: one document is the entry in activity lists and tells subscribers of every process about the
 * change. Listeners of this process are called at once.
 */
export interface EventLog {
  /** Identifies this process among those that use the database. */
  readonly processId: string
  /**
   * Records an event after it happened. If the record cannot be written, the event still counts: the whole record is
   * logged, and other processes do not learn of the change.
   *
   * @param client absent for events that no request caused
   */
  record(event: NewEvent, client?: ClientInfo): Promise<void>
  /** Calls the listener for each later change of this process. Returns a function that stops this. */
  listen(listener: Listener): () => void
}

interface Dependencies {
  clock: Clock
  config: Pick<Config, 'activity'>
  log: Logger
}

export function createEventLog({ clock, config, log }: Dependencies): EventLog {
  const processId = randomUUID()
  const listeners = new Set<Listener>()
  return {
    processId,
    async record(event, client) {
      const at = clock.now()
      const change = changeOf(event)
      const activity = activityOf(event, client)
      const expiresAt = activity ? new Date(at.getTime() + config.activity.days * DAY) : changeExpiry()
      const record = givenValues({ at, expiresAt, ...activity, ...(change ? { processId, ...change } : {}) })
      if (change) for (const listener of listeners) listener(change)
      try {
        await Event.record({ at, expiresAt, ...record })
      } catch (error) {
        log.error({ err: error, event: record }, 'an event could not be recorded')
      }
    },
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** Returns the context with an event log that records the client of a request. */
export const contextFor = <C extends { events: EventLog }>(context: C, client: ClientInfo): C => ({
  ...context,
  events: { ...context.events, record: (event) => context.events.record(event, client) },
})

function changeOf({
  kind,
  owner,
  asset = null,
  readersBefore = null,
  readersAfter = null,
  space = false,
}: Partial<Change>): Change | null {
  if (!kind || !owner) return null
  return {
    ...{ kind, asset, owner, space },
    readersBefore: usersAmong(readersBefore),
    readersAfter: usersAmong(readersAfter),
  }
}

function activityOf(
  { action, user = null, concerns, target, details }: Partial<AuditEntry>,
  client?: ClientInfo,
) {
  if (!action) return null
  const { address, userAgent, requestId } = client ?? {}
  const accounts = [user, user && concerns?.equals(user) ? null : concerns].flatMap((one) => one ?? [])
  return { action, user, accounts, target, address, userAgent, requestId, details }
}

/** Names that no user has are left out: nobody receives the change by them. */
const usersAmong = (readers: string[] | null) => readers?.filter(isUserReader) ?? null

function givenValues<T extends object>(record: T): { [Name in keyof T]?: NonNullable<T[Name]> } {
  const given = Object.entries(record).filter(([, value]) => value !== null && value !== undefined)
  return Object.fromEntries(given) as { [Name in keyof T]?: NonNullable<T[Name]> }
}
