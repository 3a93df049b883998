import { Installation } from '../../models/installation.ts'
import type { Backup } from './back-up.ts'

/**
 * Runs a backup and records its result in the database, where `/metrics` of every process reads it. A backup that left
 * objects out counts as failed.
 *
 * @param onUnrecorded called when the result could not be recorded, which does not fail the backup
 */
export async function recordBackup(
  run: () => Promise<Backup>,
  onUnrecorded: (error: unknown) => void,
): Promise<Backup> {
  const begun = performance.now()
  const record = (result: Parameters<typeof Installation.recordBackup>[0]) =>
    Installation.recordBackup(result).catch(onUnrecorded)
  try {
    const backup = await run()
    const { collections, objects } = backup.manifest
    const seconds = (performance.now() - begun) / 1000
    const { lines: assets } = collections.assets
    const isComplete = backup.errors.length === 0
    await record(
      isComplete
        ? { succeededAt: new Date(), seconds, assets, bytes: objects.bytes }
        : { failedAt: new Date() },
    )
    return backup
  } catch (error) {
    await record({ failedAt: new Date() })
    throw error
  }
}
