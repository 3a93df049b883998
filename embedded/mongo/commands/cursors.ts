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
  rest: Doc[]
  usedAt: number
}

/** Results on their way to clients. They were found in one step: later writes do not show in them. */
export class Cursors {
  readonly #open = new Map<number, Cursor>()
  #next = Math.floor(Math.random() * 2 ** 40) + 1

  /** The reply with the first batch; a cursor is kept when there is more. `batchSize` 0 asks for the cursor only. */
  open(namespace: string, docs: Iterable<Doc>, batchSize = FIRST_BATCH, single = false): Doc {
    const rest = [...docs]
    const firstBatch = takeBatch(rest, batchSize)
    if (rest.length === 0 || single) return { cursor: { firstBatch, id: Long.ZERO, ns: namespace } }
    const id = this.#next
    this.#next += 1
    this.#open.set(id, { namespace, rest, usedAt: Date.now() })
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
    const nextBatch = takeBatch(cursor.rest, batchSize || Number.POSITIVE_INFINITY)
    if (cursor.rest.length === 0) this.#open.delete(id)
    return {
      cursor: { nextBatch, id: cursor.rest.length === 0 ? Long.ZERO : Long.fromNumber(id), ns: namespace },
    }
  }

  /** True when there was such a cursor. */
  kill(id: number): boolean {
    return this.#open.delete(id)
  }

  reap(now = Date.now()): void {
    for (const [id, { usedAt }] of this.#open) if (now - usedAt > IDLE_MS) this.#open.delete(id)
  }
}

/** Takes documents off the front: as many as asked for, but no more than fit in one reply. */
function takeBatch(rest: Doc[], most: number): Doc[] {
  let bytes = 0
  let count = 0
  for (const doc of rest) {
    if (count >= most) break
    bytes += calculateObjectSize(doc as Document) + 16
    if (count > 0 && bytes > MAX_DOCUMENT_BYTES) break
    count += 1
  }
  return rest.splice(0, count)
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
