import { buffer } from 'node:stream/consumers'
import { AppError } from '../errors.ts'
import type { ByteRange, ObjectStore, Outcome, StoreCheck } from './object-store.ts'

/** One check. `run` returns a message if something is worth knowing; an error that `explain` knows is an answer too. */
export interface Step {
  name: string
  run: () => Promise<Pick<StoreCheck, 'outcome' | 'message'> | undefined>
  /** The outcome when the store refuses the step. */
  ifRefused: Exclude<Outcome, 'ok'>
  /** The right that the step needs, or another hint. */
  needs?: string
}

/** Where all objects of a self-test are. Keys of uploads begin with a UUID. */
export const SELF_TEST_PREFIX = 'self-test/'
/** Age after which the objects of a self-test whose process died are removed, in milliseconds. */
const STALE_MS = 3_600_000
/** Content of the objects of a self-test. */
export const PROBE = Buffer.from('0123456789')

/** The store answered, but not as it should. */
class WrongAnswer extends Error {}

/**
 * Runs the steps in order. Ends after a first step that failed, because the other ones need its object.
 *
 * @param explain returns the message for an error that is an answer of the store, and undefined for an error that a later
 *   attempt can change
 * @throws the error of a step that a later attempt can change: the store is away
 */
export async function runSteps(
  steps: readonly Step[],
  explain: (error: unknown, needs?: string) => string | undefined,
): Promise<StoreCheck[]> {
  const checks: StoreCheck[] = []
  for (const { name, run, ifRefused, needs } of steps) {
    try {
      checks.push({ name, ...((await run()) ?? { outcome: 'ok', message: '' }) })
    } catch (error) {
      const message = explainHere(error) ?? explain(error, needs)
      if (message === undefined) throw error
      checks.push({ name, outcome: ifRefused, message })
    }
    if (checks[0]?.outcome === 'failed') return checks
  }
  return checks
}

function explainHere(error: unknown): string | undefined {
  if (error instanceof WrongAnswer) return error.message
  return error instanceof AppError && error.status === 507 ? 'The store is full.' : undefined
}

/** Returns the steps that every store has: write, read, range, list. The last one is `deleting`. */
export function commonSteps(store: ObjectStore, key: string): Step[] {
  const read = async (range?: ByteRange) => buffer(await store.open(key, range))
  const expectBytes = (bytes: Buffer, expected: Buffer, message: string) => {
    if (!bytes.equals(expected)) throw new WrongAnswer(message)
  }
  return [
    {
      name: 'write',
      ifRefused: 'failed',
      needs: 's3:PutObject',
      run: async () => {
        await store.put(key, PROBE)
        return undefined
      },
    },
    {
      name: 'read',
      ifRefused: 'failed',
      needs: 's3:GetObject',
      run: async () => {
        expectBytes(await read(), PROBE, 'The store returns other bytes than were written.')
        return undefined
      },
    },
    {
      name: 'range',
      ifRefused: 'failed',
      needs: 's3:GetObject',
      run: async () => {
        const part = await read({ start: 2, end: 5 })
        expectBytes(part, PROBE.subarray(2, 6), 'The store ignores the range of a request.')
        return undefined
      },
    },
    {
      name: 'list',
      ifRefused: 'failed',
      needs: 's3:ListBucket',
      run: async () => {
        for await (const found of store.list(key)) if (found.key === key) return undefined
        throw new WrongAnswer('The store does not list an object that was just written.')
      },
    },
  ]
}

/** Returns the step that deletes an object and checks that it is gone. */
export const deleteStep = (store: ObjectStore, name: string, keys: readonly string[]): Step => ({
  name,
  ifRefused: 'failed',
  needs: 's3:DeleteObject',
  run: async () => {
    await store.remove(keys)
    for (const key of keys) await expectMissing(store, key)
    return undefined
  },
})

async function expectMissing(store: ObjectStore, key: string): Promise<void> {
  for await (const found of store.list(key))
    if (found.key === key) throw new WrongAnswer('The store still has an object that was deleted.')
}

/** Removes the objects of this self-test, and of earlier ones whose process died. Errors are ignored. */
export async function cleanUp(store: ObjectStore, prefix: string): Promise<void> {
  const before = new Date(Date.now() - STALE_MS)
  const keys: string[] = []
  try {
    for await (const { key, modifiedAt } of store.list(SELF_TEST_PREFIX))
      if (key.startsWith(prefix) || modifiedAt < before) keys.push(key)
    if (keys.length > 0) await store.remove(keys)
    await store.abortUnfinished(prefix)
    await store.abortUnfinished(SELF_TEST_PREFIX, before)
  } catch {
    // the checks say what the store refuses; the next self-test tries again
  }
}
