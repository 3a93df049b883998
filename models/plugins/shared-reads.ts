import DataLoader from 'dataloader'
import { Types } from 'mongoose'

/** Most documents that one query reads. */
const MAX_BATCH = 100

/** A condition on the id of documents. */
type IdCondition = Types.ObjectId | { $in: Types.ObjectId[] }

/**
 * Returns a function that reads a document by its id, null if there is none. Requests that arrive at the same time share
 * one query, which is sent after their arrival. Nothing is cached. Each gets an object of its own, with shared fields.
 *
 * @param find reads the documents of a condition on the id, in any order
 */
export function sharedReads<Fields extends { _id: Types.ObjectId }>(
  find: (_id: IdCondition) => Promise<Fields[]>,
): (id: string) => Promise<Fields | null> {
  const read = async (ids: readonly string[]): Promise<(Fields | null)[]> => {
    const [first, ...others] = [...new Set(ids)].map((id) => new Types.ObjectId(id))
    const found = first ? await find(others.length > 0 ? { $in: [first, ...others] } : first) : []
    const documents = new Map(found.map((document) => [document._id.toString(), document]))
    return ids.map((id) => {
      const document = documents.get(id)
      return document ? { ...document } : null
    })
  }
  const loader = new DataLoader(read, {
    cache: false,
    maxBatchSize: MAX_BATCH,
    batchScheduleFn: (send) => setImmediate(send),
  })
  return (id) => loader.load(id)
}
