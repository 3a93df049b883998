import type { ObjectStore } from '../../../app/storage/object-store.ts'

/** Returns the keys of a store under a prefix, sorted. */
export async function keysIn(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(prefix)) keys.push(key)
  return keys.sort()
}

/** Returns the error of a promise. Throws if the promise is fulfilled. */
export async function rejection(work: Promise<unknown>): Promise<Error> {
  const outcome = await work.then(
    () => 'no rejection',
    (reason: unknown) => reason,
  )
  if (outcome instanceof Error) return outcome
  throw new Error(`expected a rejection with an error: ${String(outcome)}`)
}
