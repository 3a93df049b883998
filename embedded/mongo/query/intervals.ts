import { encode } from '../values/order.ts'
import { Rank, rankOf } from '../values/types.ts'

/** A range of encoded values. */
export interface Interval {
  low: string
  high: string
  lowOpen: boolean
  highOpen: boolean
}

export const point = (value: unknown): Interval => {
  const code = encode(value ?? null)
  return { low: code, high: code, lowOpen: false, highOpen: false }
}
export const isPoint = ({ low, high }: Interval) => low === high

/** Returns the interval of all values of a type. */
export const typeRange = (rank: Rank): Interval => ({
  low: String.fromCharCode(rank),
  lowOpen: false,
  high: String.fromCharCode(rank + 1),
  highOpen: true,
})

/** All values except null and missing. */
export const NOT_NULL: Interval = { ...typeRange(Rank.date), low: encode(null), lowOpen: true }

export const RANGES = ['$gt', '$gte', '$lt', '$lte'] as const
type RangeOperator = (typeof RANGES)[number]
const isRangeOperator = (name: string): name is RangeOperator => RANGES.some((range) => range === name)

/** Returns the values that a range operator accepts: of the operand's type only; for null and NaN only equal values. */
export function rangeIntervals(operator: RangeOperator, operand: unknown): Interval[] {
  const rank = rankOf(operand)
  if (rank <= Rank.null || Number.isNaN(operand)) return operator.endsWith('e') ? [point(operand)] : []
  const all = typeRange(rank)
  const code = encode(operand)
  if (operator.startsWith('$g')) return [{ ...all, low: code, lowOpen: operator === '$gt' }]
  const low = rank === Rank.number ? encode(Number.NEGATIVE_INFINITY) : all.low
  return [{ low, lowOpen: false, high: code, highOpen: operator === '$lt' }]
}

export const contains = ({ low, lowOpen, high, highOpen }: Interval, code: string) =>
  (lowOpen ? code > low : code >= low) && (highOpen ? code < high : code <= high)

export function intersect(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  return a.flatMap((left) => b.flatMap((right) => overlap(left, right)))
}

function overlap(a: Interval, b: Interval): Interval[] {
  const later = a.low > b.low || (a.low === b.low && a.lowOpen) ? a : b
  const sooner = a.high < b.high || (a.high === b.high && a.highOpen) ? a : b
  const both = { low: later.low, lowOpen: later.lowOpen, high: sooner.high, highOpen: sooner.highOpen }
  const empty = both.low > both.high || (both.low === both.high && (both.lowOpen || both.highOpen))
  return empty ? [] : [both]
}

/** Returns whether each interval is inside one of the others. */
export const areWithin = (intervals: readonly Interval[], others: readonly Interval[]) =>
  intervals.every((inner) => others.some((outer) => isWithin(inner, outer)))

const isWithin = (inner: Interval, outer: Interval) =>
  (outer.low < inner.low || (outer.low === inner.low && (inner.lowOpen || !outer.lowOpen))) &&
  (outer.high > inner.high || (outer.high === inner.high && (inner.highOpen || !outer.highOpen)))

/**
 * Returns the intervals of index values that an operator accepts, or undefined if an index cannot answer the operator.
 * It cannot answer arrays, because it holds their elements.
 */
export function indexIntervals(operator: string, operand: unknown): Interval[] | undefined {
  const values: unknown[] = operator === '$in' && Array.isArray(operand) ? operand : [operand]
  if (values.some(Array.isArray)) return undefined
  if (isRangeOperator(operator)) return rangeIntervals(operator, operand)
  if (operator !== '$eq' && operator !== '$in') return undefined
  return [...new Map(values.map(point).map((interval) => [interval.low, interval])).values()]
}
