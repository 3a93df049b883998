import type { PendingDeletion } from './asset.ts'

/** An asset as it is stored: processes of earlier releases know only `trash`, the former name of the field. */
interface Holder {
  pendingDeletion?: PendingDeletion[]
  trash?: PendingDeletion[]
}

/** The projection that `pendingDeletionOf` needs. */
export const PENDING_DELETION = { pendingDeletion: 1, trash: 1 } as const

/** Returns the objects to delete, those that a process of an earlier release has added too. */
export function pendingDeletionOf({ pendingDeletion = [], trash = [] }: Holder): PendingDeletion[] {
  const ids = new Set(pendingDeletion.map(({ id }) => id))
  return [...pendingDeletion, ...trash.filter(({ id }) => !ids.has(id))]
}

/** Returns filters, one of which matches an asset that has an entry with such an id. */
export const havingPendingDeletion = (id: { $in: string[] } | { $exists: true }) => [
  { 'pendingDeletion.id': id },
  { 'trash.id': id },
]

/** Matches an asset that has no objects to delete. */
export const NO_PENDING_DELETION = {
  'pendingDeletion.id': { $exists: false },
  'trash.id': { $exists: false },
}

/** Returns the operand of `$push` that adds an entry, for processes of earlier releases too. */
export const addPendingDeletion = (entry: PendingDeletion) => ({ pendingDeletion: entry, trash: entry })

/** Returns the operand of `$pull` that removes an entry. */
export const removePendingDeletion = (id: string) => ({ pendingDeletion: { id }, trash: { id } })
