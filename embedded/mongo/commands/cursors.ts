import { calculateObjectSize, type Document, Long } from 'bson'
import { CommandError } from '../errors.ts'
import { MAX_DOCUMENT_BYTES } from '../values/codec.ts'
import type { Doc } from '../values/types.ts'
import { numberOf, textOf } from './arguments.ts'
import type { Command } from './engine.ts'

const FIRST_BATCH = 101
const IDLE_MS = 10 * 60_000

interface Cursor {
  namespace: string
  docs: readonly Doc[]
  /** How many of them have been handed out. */
  taken: number
  usedAt: number
}

/** Results on their way to clients. They were found in one step: later writes do not show in them. */
export class Cursors {
  readonly #open = new Map<number, Cursor>()
  #next = Math.floor(Math.random() * 2 ** 40) + 1

  /** The reply with the first batch; a cursor is kept when there is more. `batchSize` 0 asks for the cursor only. */
  open(namespace: string, docs: Iterable<Doc>, batchSize = FIRST_BATCH, single = false): Doc {
    const cursor: Cursor = { namespace, docs: [...docs], taken: 0, usedAt: Date.now() }
    const firstBatch = takeBatch(cursor, batchSize)
    if (isSpent(cursor) || single) return { cursor: { firstBatch, id: Long.ZERO, ns: namespace } }
    const id = this.#next
    this.#next += 1
    this.#open.set(id, cursor)
    return { cursor: { firstBatch, id: Long.fromNumber(id), ns: namespace } }
  }

  more(id: number, namespace: string, batchSize: number | undefined): Doc {
    const cursor = this.#open.get(id)
    if (!cursor) throw new CommandError(43, `cursor id ${id} not found`)
    if (cursor.namespace !== namespace) {
      throw new CommandError(
        13,
        `Requested getMore on namespace '${namespace}', but cursor belongs to another`,
      )
    }
    cursor.usedAt = Date.now()
    const nextBatch = takeBatch(cursor, batchSize || Number.POSITIVE_INFINITY)
    if (isSpent(cursor)) this.#open.delete(id)
    return { cursor: { nextBatch, id: isSpent(cursor) ? Long.ZERO : Long.fromNumber(id), ns: namespace } }
  }

  /** True when there was such a cursor. */
  kill(id: number): boolean {
    return this.#open.delete(id)
  }

  reap(now = Date.now()): void {
    for (const [id, { usedAt }] of this.#open) if (now - usedAt > IDLE_MS) this.#open.delete(id)
  }
}

const isSpent = ({ docs, taken }: Cursor) => taken === docs.length

/** Takes the next documents: as many as asked for, but no more than fit in one reply. */
function takeBatch(cursor: Cursor, most: number): Doc[] {
  const from = cursor.taken
  let bytes = 0
  let to = from
  for (; to < cursor.docs.length && to - from < most; to += 1) {
    bytes += calculateObjectSize(cursor.docs[to] as Document) + 16
    if (to > from && bytes > MAX_DOCUMENT_BYTES) break
  }
  cursor.taken = to
  return cursor.docs.slice(from, to)
}

export const getMore: Command = {
  fields: ['collection', 'batchSize', 'term'],
  run: ({ body, database }, { cursors }) => {
    const namespace = `${database}.${textOf(body.collection, 'collection')}`
    return cursors.more(Number(body.getMore), namespace, numberOf(body.batchSize, 'batchSize'))
  },
}

export const killCursors: Command = {
  fields: ['cursors'],
  run: ({ body }, { cursors }) => {
    const ids = Array.isArray(body.cursors) ? body.cursors.map(Number) : []
    const killed = ids.filter((id) => cursors.kill(id))
    const long = (list: number[]) => list.map((id) => Long.fromNumber(id))
    return {
      cursorsKilled: long(killed),
      cursorsNotFound: long(ids.filter((id) => !killed.includes(id))),
      cursorsAlive: [],
      cursorsUnknown: [],
    }
  },
}
