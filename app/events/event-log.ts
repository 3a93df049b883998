import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
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
export type NewEvent = ((AuditEntry & Partial<Change>) | (NewChange & Partial<AuditEntry>)) & {
  /** The id of the record; default: a new one. A record with the same id replaces the former one. */
  id?: Types.ObjectId
}

type Listener = (change: Change) => void

/**
 * Records what happened: one document is the entry in activity lists and tells subscribers of every process about the
 * change. Listeners of this process are called at once.
 */
export interface EventLog {
  /** Identifies this process among those that use the database. */
  readonly processId: string
  /**
   * Records an event after it happened: calls the listeners, then stores the event.
   *
   * @param client absent for events that no request caused
   * @returns what `store` returns
   */
  record(event: NewEvent, client?: ClientInfo): Promise<boolean>
  /**
   * Stores the record of an event. If it cannot be stored, the event still counts: the whole record is logged, and other
   * processes do not learn of the change.
   *
   * @returns whether it is stored
   */
  store(event: NewEvent, client?: ClientInfo): Promise<boolean>
  /** Calls the listeners of this process with the change of an event. */
  notify(event: NewEvent): void
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
  const notify = (event: NewEvent) => {
    const change = changeOf(event)
    if (change) for (const listener of listeners) listener(change)
  }
  /** Returns the records of an event: one, unless its activity expires before its change. */
  const recordsOf = (event: NewEvent, client: ClientInfo | undefined) => {
    const at = clock.now()
    const change = changeOf(event)
    const activity = activityOf(event, client)
    const activityEnd = new Date(at.getTime() + config.activity.days * DAY)
    const changeEnd = changeExpiry(Boolean(change?.readers))
    const ofChange = change ? { processId, ...storedChange(change) } : {}
    const identity = event.id ? { _id: event.id } : {}
    if (activity && change?.readers && activityEnd < changeEnd)
      return [
        { ...identity, at, expiresAt: changeEnd, ...givenValues(ofChange) },
        { at, expiresAt: activityEnd, ...givenValues(activity) },
      ]
    const expiresAt = activity ? activityEnd : changeEnd
    return [{ ...identity, at, expiresAt, ...givenValues({ ...activity, ...ofChange }) }]
  }
  const store = async (event: NewEvent, client?: ClientInfo) => {
    const records = recordsOf(event, client)
    try {
      for (const record of records) await Event.record(record)
      return true
    } catch (error) {
      log.error({ err: error, event: Object.assign({}, ...records) }, 'an event could not be recorded')
      return false
    }
  }
  return {
    processId,
    store,
    notify,
    record(event, client) {
      notify(event)
      return store(event, client)
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
  events: {
    ...context.events,
    record: (event) => context.events.record(event, client),
    store: (event) => context.events.store(event, client),
  },
})

function changeOf({
  kind,
  owner,
  asset = null,
  readers = null,
  readersBefore = null,
  readersAfter = null,
  space = false,
}: Partial<Change>): Change | null {
  if (!kind || !owner) return null
  return {
    kind,
    asset,
    owner,
    space,
    readers: usersAmong(readers),
    readersBefore: usersAmong(readersBefore),
    readersAfter: usersAmong(readersAfter),
  }
}

/** Returns a change without the readers that are the same before and after it. */
function storedChange(change: Change): Change {
  const { kind, readersBefore, readersAfter } = change
  const isSame = kind === 'asset.updated' && isDeepStrictEqual(readersBefore, readersAfter)
  return isSame ? { ...change, readersBefore: null, readersAfter: null } : change
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
