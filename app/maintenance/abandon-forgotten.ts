import { Upload } from '../../models/upload.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { readKey } from '../uploads/keys.ts'

/**
 * The prefixes of uploads that are over and have left something unfinished in the store, begun before a time:
 * the answer that told its name was lost, or it was begun again.
 */
export async function findForgotten(store: ObjectStore, before: Date): Promise<string[]> {
  const prefixes = new Map<string, string>()
  for await (const { key, begunAt } of store.listUnfinished('')) {
    const ours = begunAt < before ? readKey(key) : null
    if (ours) prefixes.set(ours.upload, ours.prefix)
  }
  if (prefixes.size === 0) return []
  for (const id of (await Upload.knownAmong([...prefixes.keys()])).keys()) prefixes.delete(id)
  return [...prefixes.values()]
}

/** Abandons them; answers how many objects. */
export async function abandonForgotten(store: ObjectStore, before: Date): Promise<number> {
  let abandoned = 0
  for (const prefix of await findForgotten(store, before))
    abandoned += await store.abortUnfinished(prefix, before)
  return abandoned
}
