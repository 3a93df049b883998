import type { StoredRecord } from '../index/ordered-index.ts'
import { compileFilter } from '../query/match.ts'
import { clearScores, setScore } from '../query/score.ts'
import { type SortField, sortDocs } from '../query/sort.ts'
import type { Collection } from '../storage/collection.ts'
import type { Doc } from '../values/types.ts'
import { choosePlan, type Plan } from './choose.ts'
import { scanIndex } from './index-plan.ts'

export interface FindOptions {
  sort?: readonly SortField[]
  skip?: number | undefined
  /** Number of documents; 0 or undefined means no limit. */
  limit?: number | undefined
}

/** Returns the documents that match a filter, sorted. A document found by `$text` carries its score. */
export function findDocs(
  collection: Collection | undefined,
  filter: Doc,
  { sort = [], skip = 0, limit }: FindOptions = {},
): Iterable<Doc> {
  const test = compileFilter(filter, () => true)
  if (!collection) return []
  const plan = choosePlan(filter, { collection, sort })
  const most = limit || Number.POSITIVE_INFINITY
  clearScores()
  const found = matches(candidates(plan, collection), test)
  const ordered = isSorted(plan, sort) ? found : sortDocs(found, sort, skip + most)
  return slice(ordered, skip, most)
}

/** Returns the records to write that match a filter. It is an array, because writes during a scan would disturb the scan. */
export function findRecords(collection: Collection, filter: Doc, options: FindOptions = {}): StoredRecord[] {
  return [...findDocs(collection, filter, options)].flatMap((doc) => collection.byId(doc._id) ?? [])
}

export const isSorted = (plan: Plan, sort: readonly SortField[]) =>
  sort.length === 0 || (plan.kind === 'index' && plan.sorted)

/** Yields each candidate of a plan once. */
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
      for (const [{ doc }, score] of collection.textIndex?.search(plan.search) ?? []) {
        setScore(doc, score)
        yield doc
      }
      return
    case 'union': {
      const seen = new Set<Doc>()
      for (const branch of plan.plans)
        for (const doc of candidates(branch, collection)) if (!seen.has(doc) && seen.add(doc)) yield doc
      return
    }
    case 'index':
      yield* scanIndex(plan)
  }
}

function* matches(docs: Iterable<Doc>, test: (doc: Doc) => boolean): Iterable<Doc> {
  for (const doc of docs) if (test(doc)) yield doc
}

export function* slice(docs: Iterable<Doc>, skip: number, limit: number): Iterable<Doc> {
  let position = 0
  for (const doc of docs) {
    if (position >= skip) yield doc
    position += 1
    if (position >= skip + limit) return
  }
}
