import { Capacity } from '../models/capacity.ts'
import { ensureAdmin } from './accounts/ensure-admin.ts'
import { syncIndexes } from './database.ts'
import { repeat } from './jobs/repeat.ts'
import { sweep } from './jobs/sweep.ts'
import type { Services } from './services.ts'

const MINUTE = 60_000

/**
 * Everything the database needs before it can serve, once it can be reached, and then the work that comes
 * round, until the process stops. In production indexes are built by `npm run db:indexes`, not by every
 * process that starts.
 */
export async function prepare(services: Services): Promise<void> {
  const { config, log, stopping } = services
  if (!config.production) await syncIndexes()
  await Capacity.ensure(config.space.server)
  await ensureAdmin(services)
  await repeat({ name: 'the sweep', everyMs: MINUTE, run: () => sweep(services) }, log, stopping)
}
