import { runAggregate } from '../aggregate/run.ts'
import { CommandError, notImplemented } from '../errors.ts'
import { findDocs } from '../plan/find.ts'
import { compileProjection } from '../query/projection.ts'
import { parseSort } from '../query/sort.ts'
import { encode } from '../values/encode.ts'
import { reach } from '../values/path.ts'
import { type Doc, isDoc } from '../values/types.ts'
import { docOf, numberOf, refuseCollation, textOf } from './arguments.ts'
import { type Call, type Command, collectionName, collectionOf, type Engine } from './engine.ts'

const optional = (key: string, value: number | undefined) => (value === undefined ? {} : { [key]: value })

/** Documents a `find` asks for, projected. */
export function* runFind(call: Call, engine: Engine): Iterable<Doc> {
  const { body } = call
  refuseCollation(body.collation)
  for (const option of ['min', 'max', 'returnKey', 'showRecordId', 'tailable', 'awaitData']) {
    if (body[option]) throw notImplemented(`The option ${option} of find`)
  }
  const filter = docOf(body.filter, 'filter')
  const variables = docOf(body.let, 'let')
  const projection = docOf(body.projection, 'projection')
  const project =
    Object.keys(projection).length > 0 ? compileProjection(projection, { filter, variables }) : undefined
  const found = findDocs(collectionOf(call, engine), filter, {
    sort: parseSort(body.sort),
    variables,
    hint: body.hint,
    ...optional('skip', numberOf(body.skip, 'skip')),
    ...optional('limit', numberOf(body.limit, 'limit')),
  })
  if (!project) yield* found
  else for (const doc of found) yield project(doc)
}

export const find: Command = {
  fields: [
    ...[
      'filter',
      'projection',
      'sort',
      'skip',
      'limit',
      'batchSize',
      'singleBatch',
      'hint',
      'let',
      'collation',
    ],
    ...['allowDiskUse', 'noCursorTimeout', 'allowPartialResults', 'min', 'max', 'returnKey', 'showRecordId'],
    ...['tailable', 'awaitData', 'oplogReplay'],
  ],
  run: (call, engine) => {
    const { body, database } = call
    const namespace = `${database}.${collectionName(call)}`
    return engine.cursors.open(
      namespace,
      runFind(call, engine),
      numberOf(body.batchSize, 'batchSize'),
      body.singleBatch === true,
    )
  },
}

export const count: Command = {
  fields: ['query', 'limit', 'skip', 'hint', 'collation', 'fields'],
  run: (call, engine) => {
    const { body } = call
    refuseCollation(body.collation)
    const query = docOf(body.query, 'query')
    const collection = collectionOf(call, engine)
    const skip = numberOf(body.skip, 'skip') ?? 0
    const limit = Math.abs(Number(body.limit ?? 0))
    if (Object.keys(query).length === 0 && skip === 0 && limit === 0) return { n: collection?.size ?? 0 }
    return { n: [...findDocs(collection, query, { skip, limit, hint: body.hint })].length }
  },
}

export const distinct: Command = {
  fields: ['key', 'query', 'collation', 'hint'],
  run: (call, engine) => {
    const { body } = call
    refuseCollation(body.collation)
    const path = textOf(body.key, 'key').split('.')
    const values = new Map<string, unknown>()
    for (const doc of findDocs(collectionOf(call, engine), docOf(body.query, 'query'), { hint: body.hint })) {
      reach(doc, path, 0, (value) => {
        for (const item of Array.isArray(value) ? value : [value]) {
          if (item !== undefined) values.set(encode(item), item)
        }
        return false
      })
    }
    return { values: [...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value) }
  },
}

export const aggregate: Command = {
  fields: [
    'pipeline',
    'cursor',
    'allowDiskUse',
    'let',
    'hint',
    'collation',
    'explain',
    'bypassDocumentValidation',
  ],
  run: (call, engine) => {
    const { body, database } = call
    refuseCollation(body.collation)
    if (body.explain) throw notImplemented('The option explain of aggregate; use the command explain')
    if (typeof body.aggregate !== 'string') throw notImplemented('An aggregate over a database')
    if (!isDoc(body.cursor)) throw new CommandError(9, "The 'cursor' option is required")
    return engine.cursors.open(
      `${database}.${body.aggregate}`,
      runAggregate(engine.catalog, call.database, body.aggregate, body.pipeline, {
        variables: docOf(body.let, 'let'),
        hint: body.hint,
      }),
      numberOf(body.cursor.batchSize, 'batchSize'),
    )
  },
}
