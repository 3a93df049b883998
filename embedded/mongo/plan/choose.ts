import { isDeepStrictEqual } from 'node:util'
import { badValue, CommandError } from '../errors.ts'
import type { OrderedIndex } from '../index/ordered-index.ts'
import { isPoint } from '../query/intervals.ts'
import type { SortField } from '../query/sort.ts'
import type { Collection } from '../storage/collection.ts'
import { parseTextSearch } from '../text/text-index.ts'
import { type Doc, isDoc } from '../values/types.ts'
import { type Constraints, constraintsOf, type IndexPlan, planIndex } from './index-plan.ts'
import { isSorted, type Plan, recordsOf, type SimplePlan, type UnionPlan } from './scan.ts'

export interface Request {
  collection: Collection
  sort: readonly SortField[]
  /** The number of matches that are needed, and whether a document matches. Without it, all are needed. */
  wanted?: { count: number; test: (doc: Doc) => boolean }
}

/** Chooses how to find the candidates for a filter. */
export function choosePlan(filter: Doc, request: Request): Plan {
  const [text, another] = textsOf(filter)
  if (another !== undefined) throw badValue('Too many text expressions')
  if (text !== undefined) {
    if (!request.collection.textIndex) throw new CommandError(27, 'text index required for $text query')
    return { kind: 'text', search: parseTextSearch(text) }
  }
  return planSimple(constraintsOf(filter), request) ?? planUnion(filter, request) ?? { kind: 'all' }
}

function planSimple(constraints: Constraints, request: Request): SimplePlan | undefined {
  const { collection, sort } = request
  const ids = constraints.get('_id')?.find((intervals) => intervals.every(isPoint))
  if (ids) return { kind: 'ids', codes: ids.map(({ low }) => low) }
  const plansOf = (index: OrderedIndex) => planIndex(index, constraints, sort)
  const plans = collection.indexes.flatMap(plansOf)
  if (plans.length === 0 && constraints.has('_id')) plans.push(...plansOf(collection.idIndex))
  plans.sort((a, b) => b.score - a.score || a.index.fields.length - b.index.fields.length)
  const useful = plans.filter((plan) => !plans.some((other) => isWithin(other, plan)))
  return shortest(useful, request) ?? plans[0]
}

/** Returns whether a plan reads some of the entries of another one, in the same order: its index has more equal fields. */
function isWithin(one: IndexPlan, other: IndexPlan): boolean {
  const [more, fewer] = [one.index, other.index]
  return (
    one.sorted &&
    other.sorted &&
    !fewer.isMultikey &&
    more.fields.length > fewer.fields.length &&
    fewer.fields.every((field) => more.fields.includes(field)) &&
    isDeepStrictEqual(more.spec.partialFilterExpression, fewer.spec.partialFilterExpression)
  )
}

/** Index entries that are read of each plan to find the shortest. */
const RACE_ENTRIES = 1024
/** Key ranges that are compared to know whether two plans are the same. */
const COMPARED_RANGES = 20

/**
 * Returns the plan that yields all its candidates first, or the wanted documents in sort order; undefined if no plan does
 * so within `RACE_ENTRIES`. Of plans with the same entries only the first counts.
 *
 * @param plans the best one first
 */
function shortest(plans: readonly IndexPlan[], { collection, sort, wanted }: Request): IndexPlan | undefined {
  const distinct = new Map<string, IndexPlan>()
  for (const plan of plans) {
    const entries = entriesOf(plan)
    if (!distinct.has(entries)) distinct.set(entries, plan)
  }
  if (distinct.size < 2) return undefined
  const { count, test } = wanted ?? { count: Number.POSITIVE_INFINITY, test: () => false }
  const scans = [...distinct.values()].map((plan) => ({
    plan,
    records: recordsOf(plan, collection, sort)[Symbol.iterator](),
    // plans that are not sorted must yield all candidates
    missing: isSorted(plan, sort) ? count : Number.POSITIVE_INFINITY,
  }))
  for (let read = 0; read < RACE_ENTRIES; read += 1)
    for (const scan of scans) {
      const next = scan.records.next()
      if (next.done) return scan.plan
      if (scan.missing < Number.POSITIVE_INFINITY && test(next.value.doc)) scan.missing -= 1
      if (scan.missing === 0) return scan.plan
    }
  return undefined
}

/** Returns a text that is the same for plans that select the same entries, in indexes that begin with the same fields. */
function entriesOf({ index, keyRanges, equalities }: IndexPlan): string {
  const fields = Object.entries(index.spec.key).slice(0, equalities)
  const some = keyRanges.slice(0, COMPARED_RANGES)
  return JSON.stringify([fields, index.spec.partialFilterExpression, keyRanges.length, some])
}

/** Returns the plans of the branches of an `$or`, or undefined if a branch needs all documents. */
function planUnion(filter: Doc, request: Request): UnionPlan | undefined {
  for (const branches of disjunctionsOf(filter)) {
    const plans = branches.flatMap(
      (branch) => planSimple(constraintsOf({ $and: [filter, branch] }), request) ?? [],
    )
    if (plans.length < branches.length) continue
    return { kind: 'union', plans, sorted: plans.some((plan) => plan.kind === 'index' && plan.sorted) }
  }
  return undefined
}

/** Returns the lists of `$or` at the top level and inside `$and`. */
function disjunctionsOf(filter: Doc): Doc[][] {
  const parts = Array.isArray(filter.$and) ? filter.$and.filter(isDoc) : []
  const own = Array.isArray(filter.$or) ? [filter.$or.filter(isDoc)] : []
  return [...own, ...parts.flatMap(disjunctionsOf)]
}

/** Returns the `$text` operands at the top level and inside `$and`. `compileFilter` refuses them elsewhere. */
function textsOf(filter: Doc): unknown[] {
  const parts = Array.isArray(filter.$and) ? filter.$and.filter(isDoc) : []
  return [...(filter.$text === undefined ? [] : [filter.$text]), ...parts.flatMap(textsOf)]
}
