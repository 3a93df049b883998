import type { OrderedIndex } from '../index/ordered-index.ts'
import type { SortField } from '../query/sort.ts'
import type { Collection } from '../storage/collection.ts'
import type { TextSearch } from '../text/search.ts'
import type { Interval } from './intervals.ts'

/** A stretch of an index: exact values of the first fields, then maybe a range of the next. */
export interface Segment {
  prefix: readonly string[]
  range?: Interval
}

/** How the candidates for a filter are found; the filter is tested on each of them afterwards. */
export type Plan =
  | { kind: 'none' }
  | { kind: 'all' }
  | { kind: 'ids'; ids: readonly unknown[] }
  | { kind: 'text'; search: TextSearch }
  | IndexPlan
  | { kind: 'union'; plans: readonly IndexPlan[]; sorted: boolean }

export interface IndexPlan {
  kind: 'index'
  index: OrderedIndex
  segments: readonly Segment[]
  direction: 1 | -1
  /** The candidates come in the order asked for. */
  sorted: boolean
  /** From which field of the index on the order is that asked for. */
  sortedFrom: number
  score: number
}

export interface Request {
  collection: Collection
  sort: readonly SortField[]
  /** Name or key pattern of the index to use. */
  hint?: unknown
}
