import { failedToParse } from '../errors.ts'
import { findRecords } from '../plan/find.ts'
import { compileProjection } from '../query/projection.ts'
import { parseSort } from '../query/sort.ts'
import type { Doc } from '../values/types.ts'
import { docOf } from './arguments.ts'
import { changeDocs } from './change.ts'
import { type Call, type Command, collectionOf, type Engine } from './engine.ts'

/** Finds one document and changes or removes it in the same step: of many callers only one gets it. */
export const findAndModify: Command = {
  fields: [
    ...['query', 'sort', 'remove', 'update', 'new', 'fields', 'upsert', 'arrayFilters'],
    'bypassDocumentValidation',
  ],
  run: (call, engine) => {
    const { body } = call
    if (Boolean(body.remove) === (body.update !== undefined))
      throw failedToParse("Either an update or 'remove=true' must be specified, and not both")
    if (body.remove && (body.upsert || body.new))
      throw failedToParse("Cannot specify 'upsert' or 'new' with 'remove'")
    const project = compileProjection(docOf(body.fields, 'fields'))
    const { found, lastErrorObject } = body.remove ? removeOne(call, engine) : changeOne(call, engine)
    return { lastErrorObject, value: found && project(found) }
  },
}

interface Outcome {
  found: Doc | null
  lastErrorObject: Doc
}

function removeOne(call: Call, engine: Engine): Outcome {
  const collection = collectionOf(call, engine)
  const options = { sort: parseSort(call.body.sort), limit: 1 }
  const [record] = collection ? findRecords(collection, docOf(call.body.query, 'query'), options) : []
  if (!record) return { found: null, lastErrorObject: { n: 0 } }
  collection?.remove(record)
  return { found: record.doc, lastErrorObject: { n: 1 } }
}

function changeOne(call: Call, engine: Engine): Outcome {
  const { query, update, arrayFilters, sort, upsert, new: wantsAfter } = call.body
  const { before, after } = changeDocs(call, engine, {
    ...{ filter: docOf(query, 'query'), update, arrayFilters, sort },
    upsert: upsert === true,
    many: false,
  })
  return {
    found: wantsAfter ? after : before,
    lastErrorObject: {
      n: after ? 1 : 0,
      updatedExisting: before !== null,
      ...(after && !before && { upserted: after._id }),
    },
  }
}
