import { calculateObjectSize, type Document, Long } from 'bson'
import { CommandError } from '../errors.ts'
import { MAX_DOCUMENT_BYTES } from '../values/codec.ts'
import type { Doc } from '../values/types.ts'

/** Documents in the first batch, as in MongoDB. */
const FIRST_BATCH = 101
/** Milliseconds without use after which a cursor is closed. */
const IDLE_MS = 10 * 60_000

interface Cursor {
  namespace: string
  /** Documents that have not been sent yet. */
  docs: readonly Doc[]
  usedAt: number
}

interface OpenOptions {
  /** Documents in the first reply; 0 opens the cursor without documents. */
  batchSize?: number | undefined
  /** Discards the documents after the first batch. */
  singleBatch?: boolean
}

/** Open cursors. Each holds the results of its query, so later writes do not change them. */
export class Cursors {
  readonly #open = new Map<number, Cursor>()
  #next = Math.floor(Math.random() * 2 ** 40) + 1

  /** Returns the reply with the first batch. Keeps a cursor if documents remain. */
  open(
    namespace: string,
    docs: readonly Doc[],
    { batchSize = FIRST_BATCH, singleBatch }: OpenOptions = {},
  ): Doc {
    const firstBatch = batchOf(docs, batchSize)
    const rest = singleBatch ? [] : docs.slice(firstBatch.length)
    this.#next += 1
    const id = this.#keep(this.#next, { namespace, docs: rest, usedAt: Date.now() })
    return { cursor: { firstBatch, id, ns: namespace } }
  }

  /**
   * Returns the reply with the next batch.
   *
   * @throws 43 when the cursor does not exist
   */
  nextBatch(id: number, namespace: string, batchSize: number | undefined): Doc {
    const cursor = this.#open.get(id)
    if (cursor?.namespace !== namespace) throw new CommandError(43, `cursor id ${id} not found`)
    const nextBatch = batchOf(cursor.docs, batchSize || Number.POSITIVE_INFINITY)
    const docs = cursor.docs.slice(nextBatch.length)
    return {
      cursor: { nextBatch, id: this.#keep(id, { namespace, docs, usedAt: Date.now() }), ns: namespace },
    }
  }

  /** Stores the remaining documents under an id. Returns 0 if none remain. */
  #keep(id: number, cursor: Cursor): Long {
    if (cursor.docs.length > 0) this.#open.set(id, cursor)
    else this.#open.delete(id)
    return cursor.docs.length > 0 ? Long.fromNumber(id) : Long.ZERO
  }

  /** Closes a cursor. Returns whether it existed. */
  kill(id: number): boolean {
    return this.#open.delete(id)
  }

  /** Closes cursors that were not used for 10 minutes. */
  closeIdle(now = Date.now()): void {
    for (const [id, { usedAt }] of this.#open) if (now - usedAt > IDLE_MS) this.#open.delete(id)
  }
}

/** Returns the first `limit` documents, or fewer if they do not fit into one reply (16 MiB). */
function batchOf(docs: readonly Doc[], limit: number): readonly Doc[] {
  let bytes = 0
  let size = 0
  for (; size < docs.length && size < limit; size += 1) {
    bytes += calculateObjectSize(docs[size] as Document) + 16
    if (size > 0 && bytes > MAX_DOCUMENT_BYTES) break
  }
  return docs.slice(0, size)
}
