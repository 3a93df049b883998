import { failedToParse } from '../errors.ts'
import type { StoredRecord } from '../index/ordered-index.ts'
import { findRecords } from '../plan/find.ts'
import { compileProjection } from '../query/projection.ts'
import { parseSort } from '../query/sort.ts'
import type { Collection } from '../storage/collection.ts'
import { compileUpdate, isReplacement } from '../update/update.ts'
import { refuseExpression, upsertedDoc } from '../update/upsert.ts'
import { type Doc, isDoc } from '../values/types.ts'
import { docOf, refuseCollation } from './arguments.ts'
import { type Command, collectionName } from './engine.ts'

/** Finds one document and changes or removes it in the same step: of many callers only one gets it. */
export const findAndModify: Command = {
  fields: [
    ...[
      'query',
      'sort',
      'remove',
      'update',
      'new',
      'fields',
      'upsert',
      'arrayFilters',
      'let',
      'hint',
      'collation',
    ],
    'bypassDocumentValidation',
  ],
  run: (call, engine) => {
    const { body } = call
    refuseCollation(body.collation)
    if (Boolean(body.remove) === (body.update !== undefined)) {
      throw failedToParse("Either an update or 'remove=true' must be specified, and not both")
    }
    if (body.remove && (body.upsert || body.new))
      throw failedToParse("Cannot specify 'upsert' or 'new' with 'remove'")
    const filter = docOf(body.query, 'query')
    if (body.upsert) refuseExpression(filter)
    const variables = docOf(body.let, 'let')
    const fields = docOf(body.fields, 'fields')
    const project =
      Object.keys(fields).length > 0 ? compileProjection(fields, { filter, variables }) : (doc: Doc) => doc
    const modify = body.remove ? undefined : modifier(body, filter, variables)
    const collection = engine.catalog[body.upsert ? 'obtain' : 'find'](call.database, collectionName(call))
    const options = { many: false, sort: parseSort(body.sort), hint: body.hint, variables }
    const [record] = collection ? findRecords(collection, filter, options) : []
    if (!collection || (!record && !body.upsert)) {
      return { lastErrorObject: { n: 0, ...(modify && { updatedExisting: false }) }, value: null }
    }
    if (!modify) {
      if (record) collection.remove(record)
      return { lastErrorObject: { n: 1 }, value: record ? project(record.doc) : null }
    }
    const { before, after } = modify(collection, record)
    const chosen = body.new ? after : before
    return {
      lastErrorObject: {
        n: 1,
        updatedExisting: before !== null,
        ...(before === null && { upserted: after._id }),
      },
      value: chosen && project(chosen),
    }
  },
}

type Modifier = (
  collection: Collection,
  record: StoredRecord | undefined,
) => { before: Doc | null; after: Doc }

function modifier(body: Doc, filter: Doc, variables: Doc): Modifier {
  const update = compileUpdate(body.update, { filter, arrayFilters: body.arrayFilters, variables })
  const replacing = isDoc(body.update) && isReplacement(body.update)
  return (collection, record) => {
    if (!record) return { before: null, after: collection.insert(upsertedDoc(filter, update, replacing)).doc }
    const before = record.doc
    const after = update(before)
    if (after !== before) collection.replace(record, after)
    return { before, after }
  }
}
