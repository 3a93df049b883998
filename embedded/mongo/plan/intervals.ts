import { encode } from '../values/encode.ts'
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

/** A range stays within the type of its operand; null when it cannot be told so simply. */
export function rangeOf(operator: string, operand: unknown): Interval | null {
  const rank = rankOf(operand)
  if (rank === Rank.minKey || rank === Rank.maxKey || Number.isNaN(operand)) return null
  if (rank === Rank.null || rank === Rank.undefined) return null
  const first = String.fromCharCode(rank)
  const beyond = String.fromCharCode(rank + 1)
  const code = encode(operand)
  return operator.startsWith('$g')
    ? { low: code, lowOpen: operator === '$gt', high: beyond, highOpen: true }
    : { low: first, lowOpen: false, high: code, highOpen: operator === '$lt' }
}

/** Strings that begin with a literal. */
export function prefixRange(prefix: string): Interval {
  const code = encode(prefix).slice(0, -1)
  return { low: code, lowOpen: false, high: `${code}\uffff`, highOpen: true }
}

const startsBefore = (a: Interval, b: Interval) =>
  a.low < b.low ? -1 : a.low > b.low ? 1 : Number(a.lowOpen) - Number(b.lowOpen)

/** In order and without overlaps. */
export function union(intervals: readonly Interval[]): Interval[] {
  const result: Interval[] = []
  for (const next of intervals.toSorted(startsBefore)) {
    const last = result.at(-1)
    const touches =
      last && (next.low < last.high || (next.low === last.high && !(next.lowOpen && last.highOpen)))
    if (!last || !touches) result.push({ ...next })
    else if (next.high > last.high) Object.assign(last, { high: next.high, highOpen: next.highOpen })
    else if (next.high === last.high) last.highOpen &&= next.highOpen
  }
  return result
}

export function intersect(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  return a.flatMap((left) => b.flatMap((right) => overlap(left, right)))
}

function overlap(a: Interval, b: Interval): Interval[] {
  const later = startsBefore(a, b) >= 0 ? a : b
  const endsFirst = a.high < b.high || (a.high === b.high && a.highOpen) ? a : b
  const both = { low: later.low, lowOpen: later.lowOpen, high: endsFirst.high, highOpen: endsFirst.highOpen }
  const empty = both.low > both.high || (both.low === both.high && (both.lowOpen || both.highOpen))
  return empty ? [] : [both]
}
