import { badValue, CommandError } from '../errors.ts'
import { isPoint } from '../query/intervals.ts'
import type { SortField } from '../query/sort.ts'
import type { Collection } from '../storage/collection.ts'
import { parseTextSearch, type TextSearch } from '../text/text-index.ts'
import { type Doc, isDoc } from '../values/types.ts'
import { constraintsOf, type IndexPlan, planIndex } from './index-plan.ts'

/** How to find the candidates for a filter. The filter is then tested on each candidate. */
export type Plan =
  | { kind: 'all' }
  | { kind: 'ids'; codes: readonly string[] }
  | { kind: 'text'; search: TextSearch }
  | { kind: 'union'; plans: readonly Plan[] }
  | IndexPlan

export interface Request {
  collection: Collection
  sort: readonly SortField[]
}

/** Chooses how to find the candidates for a filter. */
export function choosePlan(filter: Doc, { collection, sort }: Request): Plan {
  const [text, another] = textsOf(filter)
  if (another !== undefined) throw badValue('Too many text expressions')
  if (text !== undefined) {
    if (!collection.textIndex) throw new CommandError(27, 'text index required for $text query')
    return { kind: 'text', search: parseTextSearch(text) }
  }
  const constraints = constraintsOf(filter)
  const ids = constraints.get('_id')?.find((intervals) => intervals.every(isPoint))
  if (ids) return { kind: 'ids', codes: ids.map(({ low }) => low) }
  const plans = collection.indexes.flatMap((index) => planIndex(index, constraints, sort) ?? [])
  const [best] = plans.toSorted((a, b) => b.score - a.score || a.index.fields.length - b.index.fields.length)
  return best ?? planUnion(filter, collection) ?? { kind: 'all' }
}

/** Returns the plans of the branches of an `$or` at the top level, unless one of them needs all documents. */
function planUnion({ $or: branches }: Doc, collection: Collection): Plan | undefined {
  if (!Array.isArray(branches) || !branches.every(isDoc)) return undefined
  const plans = branches.map((branch) => choosePlan(branch, { collection, sort: [] }))
  return plans.some(({ kind }) => kind === 'all') ? undefined : { kind: 'union', plans }
}

/** Returns the `$text` operands at the top level and inside `$and`. `compileFilter` refuses them elsewhere. */
function textsOf(filter: Doc): unknown[] {
  const parts = Array.isArray(filter.$and) ? filter.$and.filter(isDoc) : []
  return [...(filter.$text === undefined ? [] : [filter.$text]), ...parts.flatMap(textsOf)]
}
