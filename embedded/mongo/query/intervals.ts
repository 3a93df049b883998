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

/** All values of one type. */
export const typeRange = (rank: Rank): Interval => ({
  low: String.fromCharCode(rank),
  lowOpen: false,
  high: String.fromCharCode(rank + 1),
  highOpen: true,
})

/** All values but null and what is missing. */
export const NOT_NULL: Interval = { ...typeRange(Rank.date), low: encode(null), lowOpen: true }

export const RANGES = ['$gt', '$gte', '$lt', '$lte'] as const
type RangeOperator = (typeof RANGES)[number]
const isRangeOperator = (name: string): name is RangeOperator => RANGES.some((range) => range === name)

/** What a range operator accepts: values of the operand's own type only; with null and NaN only what equals them. */
export function rangeOf(operator: RangeOperator, operand: unknown): Interval[] {
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

/** Whether each of the intervals lies within one of the others. */
export const within = (intervals: readonly Interval[], others: readonly Interval[]) =>
  intervals.every((inner) => others.some((outer) => isWithin(inner, outer)))

const isWithin = (inner: Interval, outer: Interval) =>
  (outer.low < inner.low || (outer.low === inner.low && (inner.lowOpen || !outer.lowOpen))) &&
  (outer.high > inner.high || (outer.high === inner.high && (inner.highOpen || !outer.highOpen)))

/**
 * What an index holds of the values that a filter's operator accepts; undefined when an index cannot tell, also of
 * arrays, which it keeps by their elements.
 */
export function indexedBy(operator: string, operand: unknown): Interval[] | undefined {
  const values: unknown[] = operator === '$in' && Array.isArray(operand) ? operand : [operand]
  if (values.some(Array.isArray)) return undefined
  if (isRangeOperator(operator)) return rangeOf(operator, operand)
  if (operator !== '$eq' && operator !== '$in') return undefined
  return [...new Map(values.map(point).map((interval) => [interval.low, interval])).values()]
}
