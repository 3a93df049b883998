import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { Change, type NewChange } from '../../models/change.ts'

type Listener = (change: NewChange) => void

/** Tells of changes: listeners of this process at once, other processes by the database. */
export interface ChangeFeed {
  /** The name of this process among those that write to the database. */
  readonly processId: string
  /**
   * Announces what has changed already. A record that cannot be written does not undo the change: it goes to
   * the log, and other processes do not hear of it.
   */
  publish(change: Announcement): Promise<void>
  /** Hears of every change of this process from now on, until the answer is called. */
  listen(listener: Listener): () => void
}

/** `readers` and `space` may be left out: everybody who may read the asset, and no. */
export type Announcement = Omit<NewChange, 'readers' | 'space'> & Partial<NewChange>

export function createFeed({ log }: { log: Logger }): ChangeFeed {
  const processId = randomUUID()
  const listeners = new Set<Listener>()
  return {
    processId,
    async publish(announced) {
      const change = { readers: null, space: false, ...announced }
      for (const listener of listeners) listener(change)
      try {
        await Change.record(processId, change)
      } catch (error) {
        log.warn({ err: error, change }, 'a change is not announced to other processes')
      }
    },
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
