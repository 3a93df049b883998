import { AsyncLocalStorage } from 'node:async_hooks'

/** From where a request comes. */
export interface Origin {
  address: string | null
  userAgent: string | null
  requestId: string | null
}

const NOWHERE: Origin = { address: null, userAgent: null, requestId: null }

const origins = new AsyncLocalStorage<Origin>()

/** Runs the whole of a request's work, later steps too, so that `currentOrigin` answers this origin in it. */
export function withOrigin<T>(origin: Origin, run: () => T): T {
  return origins.run(origin, run)
}

/** The origin of the request that is being worked on; of nobody's in a job. */
export function currentOrigin(): Origin {
  return origins.getStore() ?? NOWHERE
}
