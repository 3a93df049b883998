import { calculateObjectSize, type Document, Long } from 'bson'
import { CommandError } from '../errors.ts'
import { MAX_DOCUMENT_BYTES } from '../values/codec.ts'
import type { Doc } from '../values/types.ts'

const FIRST_BATCH = 101
const IDLE_MS = 10 * 60_000

interface Cursor {
  namespace: string
  /** What has not been handed out yet. */
  docs: readonly Doc[]
  usedAt: number
}

interface OpenOptions {
  /** 0 asks for the cursor only. */
  batchSize?: number | undefined
  /** What does not fit in the first batch is not wanted. */
  single?: boolean
}

/** Results on their way to clients. They were found in one step: later writes do not show in them. */
export class Cursors {
  readonly #open = new Map<number, Cursor>()
  #next = Math.floor(Math.random() * 2 ** 40) + 1

  /** The reply with the first batch; a cursor is kept when there is more. */
  open(namespace: string, docs: readonly Doc[], { batchSize = FIRST_BATCH, single }: OpenOptions = {}): Doc {
    const firstBatch = batchOf(docs, batchSize)
    const rest = single ? [] : docs.slice(firstBatch.length)
    this.#next += 1
    const id = this.#keep(this.#next, { namespace, docs: rest, usedAt: Date.now() })
    return { cursor: { firstBatch, id, ns: namespace } }
  }

  more(id: number, namespace: string, batchSize: number | undefined): Doc {
    const cursor = this.#open.get(id)
    if (cursor?.namespace !== namespace) throw new CommandError(43, `cursor id ${id} not found`)
    const nextBatch = batchOf(cursor.docs, batchSize || Number.POSITIVE_INFINITY)
    const docs = cursor.docs.slice(nextBatch.length)
    return {
      cursor: { nextBatch, id: this.#keep(id, { namespace, docs, usedAt: Date.now() }), ns: namespace },
    }
  }

  /** Keeps what is left under an id; 0 tells that nothing is. */
  #keep(id: number, cursor: Cursor): Long {
    if (cursor.docs.length > 0) this.#open.set(id, cursor)
    else this.#open.delete(id)
    return cursor.docs.length > 0 ? Long.fromNumber(id) : Long.ZERO
  }

  /** True when there was such a cursor. */
  kill(id: number): boolean {
    return this.#open.delete(id)
  }

  reap(now = Date.now()): void {
    for (const [id, { usedAt }] of this.#open) if (now - usedAt > IDLE_MS) this.#open.delete(id)
  }
}

/** The first documents: as many as asked for, but no more than fit in one reply. */
function batchOf(docs: readonly Doc[], most: number): readonly Doc[] {
  let bytes = 0
  let size = 0
  for (; size < docs.length && size < most; size += 1) {
    bytes += calculateObjectSize(docs[size] as Document) + 16
    if (size > 0 && bytes > MAX_DOCUMENT_BYTES) break
  }
  return docs.slice(0, size)
}
