import { failedToParse } from '../errors.ts'
import { findRecords } from '../plan/find.ts'
import { parseSort } from '../query/sort.ts'
import { compileUpdate } from '../update/update.ts'
import { refuseExpression, upsertedDoc } from '../update/upsert.ts'
import type { Doc } from '../values/types.ts'
import { type Call, collectionName, collectionOf, type Engine } from './engine.ts'

export interface ChangeRequest {
  filter: Doc
  update: unknown
  arrayFilters: unknown
  sort?: unknown
  upsert: boolean
  /** All of the documents found, not only the first in the order asked for. */
  many: boolean
}

/** What a change did: the first document as it was (null where one was inserted) and as it is. */
export interface Changed {
  matched: number
  modified: number
  before: Doc | null
  after: Doc | null
}

/** Changes the documents that satisfy a filter, or inserts one where there is none and that is asked for. */
export function changeDocs(call: Call, engine: Engine, request: ChangeRequest): Changed {
  const { filter, upsert, many } = request
  if (upsert) refuseExpression(filter)
  const update = compileUpdate(request.update, request.arrayFilters)
  if (many && update.replacing)
    throw failedToParse('multi update is not supported for replacement-style update')
  const sort = parseSort(request.sort)
  const collection = upsert
    ? engine.catalog.obtain(call.database, collectionName(call))
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
