import type { StoredRecord } from '../index/ordered-index.ts'
import { compileFilter } from '../query/match.ts'
import { withScore } from '../query/score.ts'
import { type SortField, sortDocs } from '../query/sort.ts'
import type { Collection } from '../storage/collection.ts'
import type { Doc } from '../values/types.ts'
import { choosePlan, type Plan } from './choose.ts'
import type { IndexPlan } from './index-plan.ts'

export interface FindOptions {
  sort?: readonly SortField[]
  skip?: number | undefined
  /** 0 or undefined: no limit. */
  limit?: number | undefined
}

/** Documents that satisfy a filter, in the order asked for; those found by text carry their score. */
export function findDocs(
  collection: Collection | undefined,
  filter: Doc,
  { sort = [], skip = 0, limit }: FindOptions = {},
): Iterable<Doc> {
  const test = compileFilter(filter, () => true)
  if (!collection) return []
  const plan = choosePlan(filter, { collection, sort })
  const found = matches(candidates(plan, collection), test)
  const ordered = isSorted(plan, sort) ? found : sortDocs(found, sort)
  return part(ordered, skip, limit || Number.POSITIVE_INFINITY)
}

/** Records that satisfy a filter, for a write; a list, so that writing does not disturb the search. */
export function findRecords(collection: Collection, filter: Doc, options: FindOptions = {}): StoredRecord[] {
  return [...findDocs(collection, filter, options)].flatMap((doc) => collection.byId(doc._id) ?? [])
}

export const isSorted = (plan: Plan, sort: readonly SortField[]) =>
  sort.length === 0 || (plan.kind === 'index' && plan.sorted)

/** The candidates of a plan, each once. */
function* candidates(plan: Plan, collection: Collection): Iterable<Doc> {
  switch (plan.kind) {
    case 'all':
      for (const { doc } of collection.records()) yield doc
      return
    case 'ids':
      for (const code of plan.codes) {
        const record = collection.byCode(code)
        if (record) yield record.doc
      }
      return
    case 'text':
      for (const [{ doc }, score] of collection.textIndex?.search(plan.search) ?? [])
        yield withScore(doc, score)
      return
    case 'index':
      yield* scanIndex(plan)
  }
}

function* scanIndex({ index, stretches, direction }: IndexPlan): Iterable<Doc> {
  const seen = new Set<number>()
  for (const stretch of stretches) {
    for (const { id, doc } of index.scan(stretch, direction)) {
      if (seen.has(id)) continue
      if (index.isMultikey) seen.add(id)
      yield doc
    }
  }
}

function* matches(docs: Iterable<Doc>, test: (doc: Doc) => boolean): Iterable<Doc> {
  for (const doc of docs) if (test(doc)) yield doc
}

export function* part(docs: Iterable<Doc>, skip: number, limit: number): Iterable<Doc> {
  let position = 0
  for (const doc of docs) {
    if (position >= skip) yield doc
    position += 1
    if (position >= skip + limit) return
  }
}
