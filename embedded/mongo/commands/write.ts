import { ObjectId } from 'bson'
import { CommandError, failedToParse, toCommandError } from '../errors.ts'
import { findRecords } from '../plan/find.ts'
import { parseSort } from '../query/sort.ts'
import { compileUpdate, isReplacement } from '../update/update.ts'
import { refuseExpression, upsertedDoc } from '../update/upsert.ts'
import { type Doc, isDoc } from '../values/types.ts'
import { docOf, docsOf, refuseCollation } from './arguments.ts'
import { type Call, type Command, collectionName, collectionOf, type Engine } from './engine.ts'

/** Runs statements one after another; an ordered write stops at the first that fails. */
function forEachStatement(
  statements: Doc[],
  ordered: unknown,
  run: (statement: Doc, index: number) => void,
): Doc {
  if (statements.length === 0) {
    throw new CommandError(16, 'Write batch sizes must be between 1 and 100000. Got 0 operations.')
  }
  const writeErrors: Doc[] = []
  for (const [index, statement] of statements.entries()) {
    try {
      run(statement, index)
    } catch (error) {
      writeErrors.push(writeError(index, toCommandError(error)))
      if (ordered !== false) break
    }
  }
  return writeErrors.length === 0 ? {} : { writeErrors }
}

const writeError = (index: number, { code, message, details }: CommandError): Doc => ({
  index,
  code,
  errmsg: message,
  ...details,
})

export const insert: Command = {
  fields: ['documents', 'ordered', 'bypassDocumentValidation'],
  run: (call, { catalog }) => {
    const collection = catalog.obtain(call.database, collectionName(call))
    let n = 0
    const errors = forEachStatement(docsOf(call.body.documents, 'documents'), call.body.ordered, (doc) => {
      collection.insert(Object.hasOwn(doc, '_id') ? doc : { _id: new ObjectId(), ...doc })
      n += 1
    })
    return { n, ...errors }
  },
}

interface UpdateResult {
  matched: number
  modified: number
  upserted?: unknown
}

/** One statement of `update`. */
function runUpdate(call: Call, engine: Engine, statement: Doc, variables: Doc): UpdateResult {
  refuseCollation(statement.collation)
  const filter = docOf(statement.q, 'q')
  if (statement.upsert === true) refuseExpression(filter)
  const many = statement.multi === true
  const constants = docOf(statement.c, 'c')
  const scope = { ...variables, ...constants }
  const update = compileUpdate(statement.u, {
    filter,
    arrayFilters: statement.arrayFilters,
    variables: scope,
  })
  const replacing = isDoc(statement.u) && isReplacement(statement.u)
  if (replacing && many) throw failedToParse('multi update is not supported for replacement-style update')
  const collection =
    statement.upsert === true
      ? engine.catalog.obtain(call.database, collectionName(call))
      : collectionOf(call, engine)
  if (!collection) return { matched: 0, modified: 0 }
  const { hint } = statement
  const records = findRecords(collection, filter, {
    many,
    sort: parseSort(statement.sort),
    hint,
    variables: scope,
  })
  if (records.length === 0 && statement.upsert === true) {
    const doc = upsertedDoc(filter, update, replacing)
    collection.insert(doc)
    return { matched: 1, modified: 0, upserted: doc._id }
  }
  let modified = 0
  for (const record of records) {
    const changed = update(record.doc)
    if (changed === record.doc) continue
    collection.replace(record, changed)
    modified += 1
  }
  return { matched: records.length, modified }
}

export const update: Command = {
  fields: ['updates', 'ordered', 'bypassDocumentValidation', 'let'],
  run: (call, engine) => {
    let n = 0
    let nModified = 0
    const upserted: Doc[] = []
    const variables = docOf(call.body.let, 'let')
    const errors = forEachStatement(
      docsOf(call.body.updates, 'updates'),
      call.body.ordered,
      (statement, index) => {
        const result = runUpdate(call, engine, statement, variables)
        n += result.matched
        nModified += result.modified
        if ('upserted' in result) upserted.push({ index, _id: result.upserted })
      },
    )
    return { n, nModified, ...(upserted.length > 0 && { upserted }), ...errors }
  },
}

export const remove: Command = {
  fields: ['deletes', 'ordered', 'let'],
  run: (call, engine) => {
    let n = 0
    const collection = collectionOf(call, engine)
    const variables = docOf(call.body.let, 'let')
    const errors = forEachStatement(docsOf(call.body.deletes, 'deletes'), call.body.ordered, (statement) => {
      refuseCollation(statement.collation)
      if (!collection) return
      const many = statement.limit !== 1
      const records = findRecords(collection, docOf(statement.q, 'q'), {
        many,
        hint: statement.hint,
        variables,
      })
      for (const record of records) collection.remove(record)
      n += records.length
    })
    return { n, ...errors }
  },
}
