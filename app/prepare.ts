import { Capacity } from '../models/capacity.ts'
import { syncIndexes } from './database.ts'
import type { Services } from './services.ts'

/** What runs beside the requests, and how to end it. */
export interface Jobs {
  stop(): Promise<void>
}

/**
 * Everything the database needs before it can serve, once it can be reached.
 * In production indexes are built by `npm run db:indexes`, not by every process that starts.
 */
export async function prepare({ config }: Services): Promise<Jobs> {
  if (!config.production) await syncIndexes()
  await Capacity.ensure(config.space.server)
  return { async stop() {} }
}
