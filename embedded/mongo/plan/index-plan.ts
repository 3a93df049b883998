import type { OrderedIndex } from '../index/ordered-index.ts'
import type { SortField } from '../query/sort.ts'
import { encode } from '../values/encode.ts'
import { type Doc, isDoc } from '../values/types.ts'
import type { Constraints } from './constraints.ts'
import { type Interval, intersect, isPoint, rangeOf } from './intervals.ts'
import type { IndexPlan, Segment } from './plan.ts'

const MOST_SEGMENTS = 200
const NULL = encode(null)

/** How well an index serves: every field pinned to values counts most, then order, then a range. */
const WORTH = { unique: 1000, pinned: 10, sorted: 8, range: 5 }

/** The best use of one index, or null when it may miss documents or would not help. */
export function planIndex(
  index: OrderedIndex,
  constraints: Constraints,
  filter: Doc,
  sort: readonly SortField[],
  forced = false,
): IndexPlan | null {
  if (!isComplete(index, constraints, filter)) return null
  const { segments, pinned, ranged } = segmentsOf(index, constraints)
  const order = orderOf(index, sort, pinned, segments)
  const all = pinned === index.fields.length
  const score =
    pinned * WORTH.pinned +
    (ranged ? WORTH.range : 0) +
    (order ? WORTH.sorted : 0) +
    (all && index.spec.unique ? WORTH.unique : 0)
  if (score === 0 && !forced) return null
  const { direction = 1, from = 0 } = order ?? {}
  return { kind: 'index', index, segments, direction, sorted: order !== null, sortedFrom: from, score }
}

/** Sparse and partial indexes lack documents: they serve only filters that ask for none of those. */
function isComplete(index: OrderedIndex, constraints: Constraints, filter: Doc): boolean {
  const { sparse, partialFilterExpression } = index.spec
  if (sparse && !index.fields.some((field) => excludesNull(constraints.get(field)))) return false
  return Object.entries(partialFilterExpression ?? {}).every(([path, condition]) =>
    implies(constraints.get(path), filter[path], condition),
  )
}

const excludesNull = (lists: Interval[][] | undefined) =>
  lists?.some((list) => list.every(({ low, lowOpen }) => low > NULL || (low === NULL && lowOpen))) ?? false

function implies(lists: Interval[][] | undefined, asked: unknown, condition: unknown): boolean {
  const operators: Doc =
    isDoc(condition) && Object.keys(condition)[0]?.startsWith('$') ? condition : { $eq: condition }
  return Object.entries(operators).every(([operator, operand]) => {
    if (isDoc(asked) && encode(asked[operator] ?? null) === encode(operand ?? null)) return true
    if (operator === '$exists') return excludesNull(lists)
    if (operator === '$type')
      return (
        operand === 'string' &&
        within(lists, [{ low: '\u0005', lowOpen: false, high: '\u0006', highOpen: true }])
      )
    const allowed = allowedBy(operator, operand)
    return allowed !== null && within(lists, allowed)
  })
}

function allowedBy(operator: string, operand: unknown): Interval[] | null {
  const exact = (value: unknown): Interval => {
    const code = encode(value)
    return { low: code, high: code, lowOpen: false, highOpen: false }
  }
  if (operator === '$eq') return operand === null || Array.isArray(operand) ? null : [exact(operand)]
  if (operator === '$in') return Array.isArray(operand) ? operand.map(exact) : null
  const range = rangeOf(operator, operand)
  return range && [range]
}

const within = (lists: Interval[][] | undefined, allowed: Interval[]) =>
  lists?.some((list) =>
    list.every((interval) => {
      const [shared, more] = intersect([interval], allowed)
      return shared && !more && encodeInterval(shared) === encodeInterval(interval)
    }),
  ) ?? false
const encodeInterval = ({ low, high, lowOpen, highOpen }: Interval) =>
  JSON.stringify([low, high, lowOpen, highOpen])

/** On a multikey field different elements may satisfy different conditions, so only one of them can narrow. */
function intervalsFor(index: OrderedIndex, field: number, constraints: Constraints): Interval[] | undefined {
  const lists = constraints.get(index.fields[field] ?? '')
  if (!lists) return undefined
  if (!index.isMultikeyIn(field)) return lists.reduce(intersect)
  return lists.find((list) => list.every(isPoint)) ?? lists[0]
}

function segmentsOf(index: OrderedIndex, constraints: Constraints) {
  let prefixes: (readonly string[])[] = [[]]
  let pinned = 0
  let multikey = false
  for (const field of index.fields.keys()) {
    const intervals = intervalsFor(index, field, constraints)
    // One entry speaks of one element: conditions on two fields of a list may be met by different elements.
    if (!intervals || (multikey && index.isMultikeyIn(field))) break
    multikey ||= index.isMultikeyIn(field)
    if (!intervals.every(isPoint) || prefixes.length * intervals.length > MOST_SEGMENTS) {
      const ranges = intervals.length * prefixes.length > MOST_SEGMENTS ? [hull(intervals)] : intervals
      const segments = prefixes.flatMap((prefix) => ranges.map((range): Segment => ({ prefix, range })))
      return { segments, pinned, ranged: true }
    }
    prefixes = prefixes.flatMap((prefix) => intervals.map(({ low }) => [...prefix, low]))
    pinned += 1
  }
  return { segments: prefixes.map((prefix): Segment => ({ prefix })), pinned, ranged: false }
}

function hull(intervals: readonly Interval[]): Interval {
  const [first] = intervals
  const last = intervals.at(-1)
  if (!first || !last) throw new RangeError('a hull needs intervals')
  return { ...first, high: last.high, highOpen: last.highOpen }
}

/** Whether the index yields the order asked for, forwards or backwards, once its pinned fields are set aside. */
function orderOf(
  index: OrderedIndex,
  sort: readonly SortField[],
  pinned: number,
  segments: readonly Segment[],
) {
  if (sort.length === 0 || sort.some(({ score }) => score)) return null
  const isConstant = (field: number) => segments.length === 1 && !index.isMultikeyIn(field)
  const constant = index.fields.slice(0, pinned).filter((_, field) => isConstant(field))
  const wanted = sort.filter(({ path }) => !constant.includes(path))
  const [first] = wanted
  if (!first) return { direction: 1 as const, from: pinned }
  const from = index.fields.indexOf(first.path)
  if (from < 0 || from > pinned) return null
  const direction = index.directions[from] === first.direction ? 1 : -1
  const fits = wanted.every(({ path, direction: asked }, i) => {
    const field = from + i
    const same = index.fields[field] === path && (index.directions[field] ?? 0) * direction === asked
    return same && !index.isMultikeyIn(field)
  })
  return fits ? { direction: direction as 1 | -1, from } : null
}
