import type { StoredRecord } from '../index/ordered-index.ts'
import { compileFilter } from '../query/match.ts'
import { withScore } from '../query/score.ts'
import { type SortField, sortDocs } from '../query/sort.ts'
import type { Collection } from '../storage/collection.ts'
import type { Doc } from '../values/types.ts'
import { choosePlan, type Plan } from './choose.ts'
import { scanPlan } from './scan.ts'

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

function* candidates(plan: Plan, collection: Collection): Iterable<Doc> {
  if (plan.kind !== 'text') for (const { doc } of scanPlan(plan, collection)) yield doc
  else
    for (const [{ doc }, score] of collection.textIndex?.search(plan.search) ?? [])
      yield withScore(doc, score)
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
