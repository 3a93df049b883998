import { ObjectId } from 'bson'
import { CommandError, failedToParse, toCommandError } from '../errors.ts'
import { findRecords } from '../plan/find.ts'
import { compileProjection } from '../query/projection.ts'
import { parseSort } from '../query/sort.ts'
import { compileUpdate, refuseExpression, upsertedDoc } from '../update/update.ts'
import type { Doc } from '../values/types.ts'
import {
  type Call,
  type Command,
  collectionName,
  collectionOf,
  docOf,
  docsOf,
  type Engine,
  refuseUnknownFields,
} from './command.ts'

/** Runs statements in order. An ordered write stops at the first error. */
function forEachStatement(
  statements: Doc[],
  ordered: unknown,
  run: (statement: Doc, index: number) => void,
): Doc {
  if (statements.length === 0)
    throw new CommandError(16, 'Write batch sizes must be between 1 and 100000. Got 0 operations.')
  const writeErrors: Doc[] = []
  for (const [index, statement] of statements.entries()) {
    try {
      run(statement, index)
    } catch (error) {
      const { code, message, details } = toCommandError(error)
      writeErrors.push({ index, code, errmsg: message, ...details })
      if (ordered !== false) break
    }
  }
  return writeErrors.length === 0 ? {} : { writeErrors }
}

export const insert: Command = {
  fields: ['documents', 'ordered', 'bypassDocumentValidation'],
  run: (call, { catalog }) => {
    const collection = catalog.findOrCreate(call.database, collectionName(call))
    let n = 0
    const errors = forEachStatement(docsOf(call.body.documents, 'documents'), call.body.ordered, (doc) => {
      collection.insert(Object.hasOwn(doc, '_id') ? doc : { _id: new ObjectId(), ...doc })
      n += 1
    })
    return { n, ...errors }
  },
}

export const update: Command = {
  fields: ['updates', 'ordered', 'bypassDocumentValidation'],
  run: (call, engine) => {
    let n = 0
    let nModified = 0
    const upserted: Doc[] = []
    const { updates, ordered } = call.body
    const errors = forEachStatement(docsOf(updates, 'updates'), ordered, (statement, index) => {
      refuseUnknownFields(statement, ['q', 'u', 'multi', 'upsert', 'arrayFilters', 'sort'], 'update.updates')
      const { matched, modified, after } = changeDocs(call, engine, {
        filter: docOf(statement.q, 'q'),
        update: statement.u,
        arrayFilters: statement.arrayFilters,
        sort: statement.sort,
        upsert: statement.upsert === true,
        many: statement.multi === true,
      })
      const inserted = matched === 0 && after !== null
      if (inserted) upserted.push({ index, _id: after._id })
      n += inserted ? 1 : matched
      nModified += modified
    })
    return { n, nModified, ...(upserted.length > 0 && { upserted }), ...errors }
  },
}

const remove: Command = {
  fields: ['deletes', 'ordered'],
  run: (call, engine) => {
    let n = 0
    const collection = collectionOf(call, engine)
    const errors = forEachStatement(docsOf(call.body.deletes, 'deletes'), call.body.ordered, (statement) => {
      refuseUnknownFields(statement, ['q', 'limit'], 'delete.deletes')
      if (!collection) return
      const limit = statement.limit === 1 ? 1 : 0
      const records = findRecords(collection, docOf(statement.q, 'q'), { limit })
      for (const record of records) collection.remove(record)
      n += records.length
    })
    return { n, ...errors }
  },
}

export { remove as delete }

/** Finds one document and changes or removes it in one step, so that only one of several concurrent callers gets it. */
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
    filter: docOf(query, 'query'),
    update,
    arrayFilters,
    sort,
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

interface ChangeRequest {
  filter: Doc
  update: unknown
  arrayFilters: unknown
  sort?: unknown
  upsert: boolean
  /** Changes all matching documents, not only the first one in sort order. */
  many: boolean
}

/** Result of a change: the first document before (null after an insert) and after it. */
interface Changed {
  matched: number
  modified: number
  before: Doc | null
  after: Doc | null
}

/** Changes the documents that match a filter. Inserts a document if none matches and `upsert` is set. */
function changeDocs(call: Call, engine: Engine, request: ChangeRequest): Changed {
  const { filter, upsert, many } = request
  if (upsert) refuseExpression(filter)
  const update = compileUpdate(request.update, request.arrayFilters)
  if (many && update.replacing)
    throw failedToParse('multi update is not supported for replacement-style update')
  const sort = parseSort(request.sort)
  const collection = upsert
    ? engine.catalog.findOrCreate(call.database, collectionName(call))
    : collectionOf(call, engine)
  const records = collection ? findRecords(collection, filter, { sort, limit: many ? 0 : 1 }) : []
  const changed: Changed = { matched: records.length, modified: 0, before: null, after: null }
  if (collection && upsert && records.length === 0) {
    return { ...changed, after: collection.insert(upsertedDoc(filter, update)).doc }
  }
  for (const record of records) {
    const before = record.doc
    const after = update.apply(before)
    changed.before ??= before
    changed.after ??= after
    if (!collection || after === before) continue
    collection.replace(record, after)
    changed.modified += 1
  }
  return changed
}
