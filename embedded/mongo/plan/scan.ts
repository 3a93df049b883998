import type { StoredRecord } from '../index/ordered-index.ts'
import { comparison, insertSorted, type SortField, type SortKeys } from '../query/sort.ts'
import type { Collection } from '../storage/collection.ts'
import type { TextSearch } from '../text/text-index.ts'
import { type IndexPlan, scanIndex } from './index-plan.ts'

/** How to find the candidates for a filter. The filter is then tested on each candidate. */
export type Plan = { kind: 'all' } | { kind: 'text'; search: TextSearch } | UnionPlan | SimplePlan

export type SimplePlan = { kind: 'ids'; codes: readonly string[] } | IndexPlan

/** The candidates of every branch of an `$or`. */
export interface UnionPlan {
  kind: 'union'
  plans: readonly SimplePlan[]
  /** A branch yields its candidates in sort order. The candidates of the others are sorted when they are read. */
  sorted: boolean
}

/** Returns whether the candidates of a plan come in sort order. */
export const isSorted = (plan: Plan, sort: readonly SortField[]) =>
  sort.length === 0 || ((plan.kind === 'index' || plan.kind === 'union') && plan.sorted)

/** Yields the candidates of a plan, each once; in sort order if the plan is sorted. */
export function* recordsOf(
  plan: Exclude<Plan, { kind: 'text' }>,
  collection: Collection,
  sort: readonly SortField[],
): Iterable<StoredRecord> {
  switch (plan.kind) {
    case 'all':
      yield* collection.records()
      return
    case 'ids':
      for (const code of plan.codes) {
        const record = collection.byCode(code)
        if (record) yield record
      }
      return
    case 'union':
      yield* unite(plan, collection, sort)
      return
    case 'index':
      if (plan.sorted && sort.length > 0 && plan.keyRanges.length > 1)
        yield* unite(byRange(plan), collection, sort)
      else yield* scanIndex(plan)
  }
}

/** Returns a plan for each key range of a plan. */
const byRange = (plan: IndexPlan): UnionPlan => ({
  kind: 'union',
  plans: plan.keyRanges.map((keyRange) => ({ ...plan, keyRanges: [keyRange] })),
  sorted: true,
})

/** Yields the records of several plans, each once; in sort order if every plan yields them so. */
function* unite({ plans, sorted }: UnionPlan, collection: Collection, sort: readonly SortField[]) {
  const seen = new Set<number>()
  const scans = plans.map((plan) => {
    const records = recordsOf(plan, collection, sort)
    return !sorted || isSorted(plan, sort) ? records : sortRecords(records, sort)
  })
  for (const record of sorted && sort.length > 0 ? merge(scans, sort) : concat(scans)) {
    if (seen.has(record.id)) continue
    seen.add(record.id)
    yield record
  }
}

/** Returns records in sort order. They are read when the first one is needed. */
function* sortRecords(records: Iterable<StoredRecord>, sort: readonly SortField[]): Iterable<StoredRecord> {
  const { keysOfDoc, compareKeys } = comparison(sort)
  const keyed = Array.from(records, (record) => ({ record, keys: keysOfDoc(record.doc) }))
  for (const { record } of keyed.sort((a, b) => compareKeys(a.keys, b.keys))) yield record
}

function* concat(scans: readonly Iterable<StoredRecord>[]): Iterable<StoredRecord> {
  for (const scan of scans) yield* scan
}

/** The next record of a sequence, and the values that it is sorted by. */
interface Head {
  record: StoredRecord
  keys: SortKeys
  records: Iterator<StoredRecord>
}

/** Merges sorted sequences of records into one. */
function* merge(
  scans: readonly Iterable<StoredRecord>[],
  sort: readonly SortField[],
): Iterable<StoredRecord> {
  const { keysOfDoc, compareKeys } = comparison(sort)
  const next = (records: Iterator<StoredRecord>): Head[] => {
    const { value: record, done } = records.next()
    return done ? [] : [{ record, keys: keysOfDoc(record.doc), records }]
  }
  const compareHeads = (a: Head, b: Head) => compareKeys(a.keys, b.keys)
  const heads = scans.flatMap((scan) => next(scan[Symbol.iterator]())).sort(compareHeads)
  for (let first = heads.shift(); first; first = heads.shift()) {
    yield first.record
    for (const head of next(first.records)) insertSorted(heads, head, compareHeads)
  }
}
