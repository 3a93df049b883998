import type { Model, QueryFilter, Schema, Types, UpdateQuery } from 'mongoose'

/** An update, and the conditions under which it takes place. */
export interface ConditionalUpdate<T> {
  conditions: QueryFilter<T>
  update: UpdateQuery<T>
}

type Decision<T> = ConditionalUpdate<T> | null

export interface OptimisticStatics<T> {
  /**
   * Changes a document that other requests can change at the same time (optimistic locking). Makes one conditional
   * update. When its conditions do not hold, because another request changed the document first, reads the document
   * again and retries.
   *
   * @param current the document as it was read; its `_id` is a condition of every update
   * @param decide returns the update of the document as it was read, with the conditions that make it safe; null when
   *   there is nothing to change
   * @param readAgain returns the current document for a retry
   * @returns the document directly before and after the update: the same object twice when there was nothing to change
   * @throws what `decide` and `readAgain` throw; the document is then not changed
   */
  change<Read extends T>(
    current: Read,
    decide: (current: Read) => Decision<T> | Promise<Decision<T>>,
    readAgain: (tried: Read) => Promise<Read>,
  ): Promise<{ before: Read; after: T }>
}

/**
 * Repeats a conditional update until it takes place. An attempt fails only when another request made a change, so that
 * the number of retries is not limited and there is no pause between them.
 *
 * @param current the state that the first attempt depends on
 * @param attempt makes one update that is conditional on the state; returns null when it did not take place
 * @param readAgain returns the state for a retry, or null when there is nothing to change any more
 * @returns the result of the successful attempt; null without a state
 * @throws what `attempt` and `readAgain` throw
 */
export async function retryChange<T, R>(
  current: T | null,
  attempt: (current: T) => Promise<R | null>,
  readAgain: (tried: T) => Promise<T | null>,
): Promise<R | null> {
  for (let state = current; state !== null; state = await readAgain(state)) {
    const result = await attempt(state)
    if (result !== null) return result
  }
  return null
}

interface Identified {
  _id: Types.ObjectId
}

const statics: OptimisticStatics<Identified> & ThisType<Model<Identified>> = {
  async change(current, decide, readAgain) {
    const attempt = async (before: typeof current) => {
      const decision = await decide(before)
      if (!decision) return { before, after: before }
      const { conditions, update } = decision
      const filter = { ...conditions, _id: before._id }
      const after = await this.findOneAndUpdate(filter, update, { returnDocument: 'after' }).lean()
      return after && { before, after }
    }
    const changed = await retryChange(current, attempt, readAgain)
    // `readAgain` returns a document or throws
    if (!changed) throw new Error('a change has no document')
    return changed
  },
}

/** Adds the static `change` to a model. */
export function optimistic(schema: Schema): void {
  Object.assign(schema.statics, statics)
}
