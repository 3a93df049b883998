import { Long } from 'bson'
import { runAggregate } from '../aggregate/pipeline.ts'
import { CommandError, notImplemented } from '../errors.ts'
import { findDocs, readDocs } from '../plan/find.ts'
import { Turns } from '../plan/turns.ts'
import { compileProjection } from '../query/projection.ts'
import { parseSort } from '../query/sort.ts'
import { encode } from '../values/order.ts'
import { visitPath } from '../values/path.ts'
import { type Doc, isDoc } from '../values/types.ts'
import {
  type Command,
  collectionName,
  collectionOf,
  docOf,
  numberOf,
  refuseUnknownFields,
  textOf,
} from './command.ts'

export const find: Command = {
  fields: [
    ...['filter', 'projection', 'sort', 'skip', 'limit', 'batchSize', 'singleBatch', 'allowDiskUse'],
    'noCursorTimeout',
  ],
  run: async (call, engine) => {
    const { body, database } = call
    const project = compileProjection(docOf(body.projection, 'projection'), { metaKeepsAll: true })
    const options = {
      sort: parseSort(body.sort),
      skip: numberOf(body.skip, 'skip'),
      limit: numberOf(body.limit, 'limit'),
    }
    const filter = docOf(body.filter, 'filter')
    const read = (docs: Iterable<Doc>) => Array.from(docs, project)
    const found = await readDocs(collectionOf(call, engine), filter, options, new Turns(body.maxTimeMS), read)
    return engine.cursors.open(`${database}.${collectionName(call)}`, found, {
      batchSize: numberOf(body.batchSize, 'batchSize'),
      singleBatch: body.singleBatch === true,
    })
  },
}

/** Counts all documents of a collection. The driver sends a count with a filter as an aggregate. */
export const count: Command = {
  fields: [],
  run: (call, engine) => ({ n: collectionOf(call, engine)?.size ?? 0 }),
}

export const distinct: Command = {
  fields: ['key', 'query'],
  run: (call, engine) => {
    const path = textOf(call.body.key, 'key').split('.')
    const values = new Map<string, unknown>()
    for (const doc of findDocs(collectionOf(call, engine), docOf(call.body.query, 'query'))) {
      visitPath(doc, path, 0, (value) => {
        for (const item of Array.isArray(value) ? value : [value])
          if (item !== undefined) values.set(encode(item), item)
        return false
      })
    }
    return { values: [...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value) }
  },
}

export const aggregate: Command = {
  fields: ['pipeline', 'cursor', 'allowDiskUse', 'bypassDocumentValidation'],
  run: async (call, engine) => {
    const { body, database } = call
    if (typeof body.aggregate !== 'string') throw notImplemented('An aggregate over a database')
    if (!isDoc(body.cursor)) throw new CommandError(9, "The 'cursor' option is required")
    refuseUnknownFields(body.cursor, ['batchSize'], 'aggregate.cursor')
    const turns = new Turns(body.maxTimeMS)
    const found = await runAggregate(collectionOf(call, engine), body.pipeline, turns)
    return engine.cursors.open(`${database}.${body.aggregate}`, found, {
      batchSize: numberOf(body.cursor.batchSize, 'batchSize'),
    })
  },
}

export const getMore: Command = {
  fields: ['collection', 'batchSize'],
  run: ({ body, database }, { cursors }) => {
    const namespace = `${database}.${textOf(body.collection, 'collection')}`
    return cursors.nextBatch(Number(body.getMore), namespace, numberOf(body.batchSize, 'batchSize'))
  },
}

export const killCursors: Command = {
  fields: ['cursors'],
  run: ({ body }, { cursors }) => {
    const ids = Array.isArray(body.cursors) ? body.cursors.map(Number) : []
    const [cursorsNotFound, cursorsKilled]: [Long[], Long[]] = [[], []]
    for (const id of ids) (cursors.kill(id) ? cursorsKilled : cursorsNotFound).push(Long.fromNumber(id))
    return { cursorsKilled, cursorsNotFound, cursorsAlive: [], cursorsUnknown: [] }
  },
}
