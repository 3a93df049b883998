import { systemClock } from '../app/clock.ts'
import { type AssetContext, STALE_MS } from '../app/context.ts'
import { createEventLog } from '../app/events/event-log.ts'
import { connectDatabase, disconnectDatabase } from '../app/lifecycle/database.ts'
import { openStore } from '../app/storage/open-store.ts'
import type { Config } from '../config/env.ts'
import { createLogger } from '../config/logger.ts'

/** Runs work with the configured database and store. */
export async function withContext<T>(
  uri: string,
  config: Config,
  work: (context: AssetContext) => Promise<T>,
): Promise<T> {
  await connectDatabase(uri)
  try {
    const store = await openStore(config.storage)
    const log = createLogger({ level: 'warn' })
    const clock = systemClock
    const events = createEventLog({ clock, config, log })
    return await work({ store, log, events, clock, staleMs: STALE_MS }).finally(() => store.close())
  } finally {
    await disconnectDatabase()
  }
}
