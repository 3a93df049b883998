import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { Change, type NewChange } from '../../models/change.ts'

type Listener = (change: NewChange) => void

/** Announces changes to the listeners of this process at once, and to other processes through the database. */
export interface ChangeFeed {
  /** Identifies this process among those that use the database. */
  readonly processId: string
  /**
   * Announces a change after it was made. If its record cannot be written, the change still counts as made: the error
   * is logged, and other processes do not learn of the change.
   */
  publish(change: Announcement): Promise<void>
  /** Calls the listener for each later change of this process. Returns a function that stops this. */
  listen(listener: Listener): () => void
}

/** A change; `readers` is null and `space` false by default. */
export type Announcement = Omit<NewChange, 'readers' | 'space'> & Partial<NewChange>

export function createFeed({ log }: { log: Logger }): ChangeFeed {
  const processId = randomUUID()
  const listeners = new Set<Listener>()
  return {
    processId,
    async publish(announcement) {
      const change = { readers: null, space: false, ...announcement }
      for (const listener of listeners) listener(change)
      try {
        await Change.record(processId, change)
      } catch (error) {
        log.warn({ err: error, change }, 'a change could not be announced to other processes')
      }
    },
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
