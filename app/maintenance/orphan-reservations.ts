import { pendingDeletionIds } from '../../models/asset-objects.ts'
import { Capacity, SERVER } from '../../models/capacity.ts'
import type { LedgerStatics, OpenEntry } from '../../models/plugins/ledger.ts'
import { Upload } from '../../models/upload.ts'
import { User } from '../../models/user.ts'
import { usersWithEntriesBefore } from '../../models/user-state.ts'
import type { Account } from '../quota/accounts.ts'

/**
 * Entries opened before a time that belong to no upload and no removal: what their process died before writing,
 * or a request that reached the database after it had been given up. Nothing will ever settle them.
 */
export async function findStrays(open: readonly OpenEntry[], before: Date): Promise<string[]> {
  const old = open.filter(({ at }) => !at || at < before).map(({ id }) => id)
  if (old.length === 0) return []
  const uploads = await Upload.knownAmong(old)
  const known = new Set([...uploads.keys(), ...(await pendingDeletionIds(old))])
  return old.filter((id) => !known.has(id))
}

/** Closes entries of nobody, opened before a time: what they hold would be refused to their owners. */
export async function releaseStrays(before: Date): Promise<void> {
  for await (const { _id } of usersWithEntriesBefore(before)) await release(User, _id, before)
  await release(Capacity, SERVER, before)
}

async function release(ledger: LedgerStatics, id: Account['id'], before: Date): Promise<void> {
  const space = await ledger.spaceOf(id)
  for (const stray of await findStrays(space?.open ?? [], before))
    await ledger.settle(id, stray, { bytes: 0, files: 0 })
}
