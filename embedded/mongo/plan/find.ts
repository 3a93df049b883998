import type { StoredRecord } from '../index/ordered-index.ts'
import { compileFilter } from '../query/match.ts'
import { SCORE } from '../query/score.ts'
import { type SortField, sortDocs } from '../query/sort.ts'
import type { Collection } from '../storage/collection.ts'
import type { Doc } from '../values/types.ts'
import { choosePlan } from './choose.ts'
import type { Plan } from './plan.ts'
import { scanPlan } from './scan.ts'

export interface FindOptions {
  sort?: readonly SortField[]
  skip?: number
  /** 0 or undefined: no limit. */
  limit?: number
  hint?: unknown
  variables?: Doc
}

const always = () => true

/** Documents that satisfy a filter, in the order asked for; those found by text carry their score. */
export function findDocs(
  collection: Collection | undefined,
  filter: Doc,
  options: FindOptions = {},
): Iterable<Doc> {
  const { sort = [], skip = 0, variables = {} } = options
  const limit = options.limit || Number.POSITIVE_INFINITY
  const test = compileFilter(filter, { text: always, variables })
  if (!collection) return []
  const plan = choosePlan(filter, { collection, sort, hint: options.hint })
  const found = matches(candidates(plan, collection), test)
  if (sort.length === 0 || isSorted(plan)) return part(found, skip, limit)
  return sortDocs(found, [...sort], skip + limit).slice(skip)
}

/** Records that satisfy a filter, for a write; a list, so that writing does not disturb the search. */
export function findRecords(
  collection: Collection,
  filter: Doc,
  { many, sort = [], hint, variables = {} }: FindOptions & { many: boolean },
): StoredRecord[] {
  const test = compileFilter(filter, { text: always, variables })
  const plan = choosePlan(filter, { collection, sort, hint })
  if (sort.length === 0 || isSorted(plan)) {
    const found: StoredRecord[] = []
    for (const record of recordsOf(plan, collection)) {
      if (!test(record.doc)) continue
      found.push(record)
      if (!many) break
    }
    return found
  }
  const sorted = findDocs(collection, filter, { sort, hint, variables, limit: many ? 0 : 1 })
  return [...sorted].flatMap((doc) => collection.byId(doc._id) ?? [])
}

export const isSorted = (plan: Plan) => (plan.kind === 'index' || plan.kind === 'union') && plan.sorted

function* candidates(plan: Plan, collection: Collection): Iterable<Doc> {
  if (plan.kind !== 'text') {
    for (const record of scanPlan(plan, collection)) yield record.doc
    return
  }
  for (const [record, score] of collection.textIndex?.search(plan.search) ?? [])
    yield { ...record.doc, [SCORE]: score } as Doc
}

const recordsOf = (plan: Plan, collection: Collection): Iterable<StoredRecord> =>
  plan.kind === 'text' ? (collection.textIndex?.search(plan.search).keys() ?? []) : scanPlan(plan, collection)

function* matches(docs: Iterable<Doc>, test: (doc: Doc) => boolean): Iterable<Doc> {
  for (const doc of docs) if (test(doc)) yield doc
}

function* part(docs: Iterable<Doc>, skip: number, limit: number): Iterable<Doc> {
  let position = 0
  for (const doc of docs) {
    if (position >= skip) yield doc
    position += 1
    if (position >= skip + limit) return
  }
}
