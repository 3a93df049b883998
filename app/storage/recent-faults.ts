import { AppError } from '../errors.ts'
import type { ObjectStore } from './object-store.ts'

/** How long a fault counts as recent, in milliseconds. */
const RECENT_MS = 30_000

interface Recent {
  fault: string
  at: number
}

/**
 * The last faults of writes. `/readyz` shows them, because a database or a store that is full, or a store that refuses
 * writes, still answers the reads of the other checks. A write that the store accepts ends them, and so does the time.
 */
export class RecentFaults {
  #full: Recent | undefined
  #refused: Recent | undefined

  /** Why the server is full, if a write has failed for that reason. */
  get full(): string | undefined {
    return whileRecent(this.#full)
  }

  /** Why the store does not allow writes, if it has refused one. */
  get refused(): string | undefined {
    return whileRecent(this.#refused)
  }

  /** Records an error of a database or a store that is full. Ignores others. */
  recordFull({ code, fault }: AppError): void {
    if (code === 'server_full' && fault) this.#full = { fault, at: performance.now() }
  }

  /** Records the faults of the writes to a store. */
  watch(store: ObjectStore): void {
    const put = store.put.bind(store)
    store.put = async (...args) => {
      try {
        const stored = await put(...args)
        this.#full = undefined
        this.#refused = undefined
        return stored
      } catch (error) {
        if (error instanceof AppError) this.#record(error)
        throw error
      }
    }
  }

  #record(error: AppError): void {
    this.recordFull(error)
    const { fault, status, cause } = error
    if (status === 503 && fault && isRefusal(cause)) this.#refused = { fault, at: performance.now() }
  }
}

const whileRecent = (recent: Recent | undefined) =>
  recent && performance.now() - recent.at < RECENT_MS ? recent.fault : undefined

/** Returns whether a bucket refused a request for want of rights: it would refuse the next one too. */
function isRefusal(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false
  const { httpStatusCode } = (cause as { $metadata?: { httpStatusCode?: number } }).$metadata ?? {}
  return httpStatusCode === 401 || httpStatusCode === 403 || isRefusal(cause.cause)
}
