import { ObjectId } from 'bson'
import { CommandError, toCommandError } from '../errors.ts'
import { findRecords } from '../plan/find.ts'
import type { Doc } from '../values/types.ts'
import { docOf, docsOf, refuseOthers } from './arguments.ts'
import { changeDocs } from './change.ts'
import { type Command, collectionName, collectionOf } from './engine.ts'

/** Runs statements one after another; an ordered write stops at the first that fails. */
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
    const collection = catalog.obtain(call.database, collectionName(call))
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
      refuseOthers(statement, ['q', 'u', 'multi', 'upsert', 'arrayFilters', 'sort'], 'update.updates')
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
      refuseOthers(statement, ['q', 'limit'], 'delete.deletes')
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
