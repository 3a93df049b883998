import { BSONRegExp } from 'bson'
import type { KeyRange, OrderedIndex, StoredRecord } from '../index/ordered-index.ts'
import { areWithin, type Interval, indexIntervals, intersect, isPoint, NOT_NULL } from '../query/intervals.ts'
import { isOperatorDoc } from '../query/match.ts'
import type { SortField } from '../query/sort.ts'
import { type Doc, isDoc } from '../values/types.ts'

export interface IndexPlan {
  kind: 'index'
  index: OrderedIndex
  keyRanges: readonly KeyRange[]
  direction: 1 | -1
  /** Each key range yields its candidates in sort order. */
  sorted: boolean
  score: number
  /** Number of the first fields whose values are given. */
  equalities: number
}

/** Key ranges that one plan can scan; a longer `$in` list is tested on each candidate instead. */
const MAX_KEY_RANGES = 10_000
/** Most key ranges whose candidates are merged in sort order; those of more are sorted. */
const MAX_MERGED = 200
/** Points of a plan: equality of all fields of a unique index counts most, then each equality, then sort order, then a range. */
const PLAN_SCORES = { unique: 1000, equality: 10, sorted: 8, range: 5 }

/** Most conditions on one array, such as the values of `$all`, for which plans are compared. */
const MAX_ALTERNATIVES = 16

/**
 * Returns the plans for one index; none if the index can miss documents or does not help. There is one for each condition
 * on an array of which all values are given.
 */
export function planIndex(
  index: OrderedIndex,
  constraints: Constraints,
  sort: readonly SortField[],
): IndexPlan[] {
  if (!isUsable(index, constraints)) return []
  const conditions = index.fields.map((path, field) =>
    index.isMultikeyIn(field) ? pointLists(constraints.get(path)).length : 0,
  )
  const alternatives = Math.min(Math.max(1, ...conditions), MAX_ALTERNATIVES)
  return Array.from({ length: alternatives }, (_, i) => planWith(index, constraints, sort, i)).flatMap(
    (plan) => plan ?? [],
  )
}

const pointLists = (lists: readonly Interval[][] = []) => lists.filter((list) => list.every(isPoint))

/** Returns the plan that uses one of the conditions on an array. */
function planWith(
  index: OrderedIndex,
  constraints: Constraints,
  sort: readonly SortField[],
  alternative: number,
): IndexPlan | undefined {
  const { keyRanges, equalities, ranged } = keyRangesFor(index, constraints, alternative)
  const direction = keyRanges.length > MAX_MERGED ? undefined : directionOf(index, sort, equalities)
  const score =
    equalities * PLAN_SCORES.equality +
    (ranged ? PLAN_SCORES.range : 0) +
    (direction ? PLAN_SCORES.sorted : 0) +
    (index.spec.unique && equalities === index.fields.length ? PLAN_SCORES.unique : 0)
  if (score === 0) return undefined
  return {
    kind: 'index',
    index,
    keyRanges,
    direction: direction ?? 1,
    sorted: direction !== undefined,
    score,
    equalities,
  }
}

/** Returns whether an index contains all matches. Sparse and partial indexes do so only for some filters. */
function isUsable({ spec, fields, condition }: OrderedIndex, constraints: Constraints): boolean {
  const isLimitedTo = (path: string, allowed: Interval[]) =>
    constraints.get(path)?.some((intervals) => areWithin(intervals, allowed)) ?? false
  if (spec.sparse && !fields.some((field) => isLimitedTo(field, [NOT_NULL]))) return false
  return [...condition].every(([path, allowed]) => isLimitedTo(path, allowed))
}

/** Returns the intervals of a field. On a multikey field only one condition counts: different elements can satisfy others. */
function intervalsFor(
  index: OrderedIndex,
  field: number,
  constraints: Constraints,
  alternative: number,
): Interval[] | undefined {
  const lists = constraints.get(index.fields[field] ?? '')
  if (!lists || !index.isMultikeyIn(field)) return lists?.reduce(intersect)
  const points = pointLists(lists)
  return points[alternative % points.length] ?? lists[0]
}

/** Returns the key ranges to scan: equality on the first fields, then at most one interval of the next field. */
function keyRangesFor(index: OrderedIndex, constraints: Constraints, alternative: number) {
  let prefixes = ['']
  let equalities = 0
  let multikey = false
  for (const field of index.fields.keys()) {
    const intervals = intervalsFor(index, field, constraints, alternative)
    if (!intervals || prefixes.length * intervals.length > MAX_KEY_RANGES) break
    // A key holds one array element, but different elements can satisfy the conditions on two fields.
    if (multikey && index.isMultikeyIn(field)) break
    multikey ||= index.isMultikeyIn(field)
    const extended = <T>(by: (prefix: string, interval: Interval) => T): T[] =>
      prefixes.flatMap((prefix) => intervals.map((interval) => by(prefix, interval)))
    if (!intervals.every(isPoint)) {
      const keyRanges = extended((prefix, interval) => index.intervalRange(prefix, field, interval))
      return { keyRanges, equalities, ranged: true }
    }
    prefixes = extended((prefix, { low }) => prefix + index.codeOf(field, low))
    equalities += 1
  }
  return { keyRanges: prefixes.map((prefix) => index.prefixRange(prefix)), equalities, ranged: false }
}

/** Returns the direction in which each key range yields the sort order, or undefined. Equality fields are constant. */
function directionOf(
  index: OrderedIndex,
  sort: readonly SortField[],
  equalities: number,
): 1 | -1 | undefined {
  const constant = index.fields.filter((_, field) => field < equalities && !index.isMultikeyIn(field))
  const wanted = sort.filter(({ path }) => !constant.includes(path))
  if (sort.length === 0 || wanted.some(({ score }) => score)) return undefined
  const direction = wanted[0]?.direction === index.directions[equalities] ? 1 : -1
  const fits = wanted.every(({ path, direction: asked }, i) => {
    const field = equalities + i
    const same = index.fields[field] === path && (index.directions[field] ?? 0) * direction === asked
    return same && !index.isMultikeyIn(field)
  })
  return fits ? direction : undefined
}

/** Yields each record of a plan once, in the order of the index. */
export function* scanIndex({ index, keyRanges, direction }: IndexPlan): Iterable<StoredRecord> {
  const seen = new Set<number>()
  for (const keyRange of keyRanges) {
    for (const record of index.scan(keyRange, direction)) {
      if (seen.has(record.id)) continue
      if (index.isMultikey) seen.add(record.id)
      yield record
    }
  }
}

/**
 * Conditions of a filter on each path, as intervals. Each entry of a list must hold on its own: different elements of
 * an array can satisfy different entries.
 */
export type Constraints = Map<string, Interval[][]>

/** Returns conditions that every match satisfies. A scan by them yields all matches, and possibly other documents. */
export function constraintsOf(filter: Doc): Constraints {
  const found: Constraints = new Map()
  collect(filter, found)
  return found
}

function collect(filter: Doc, found: Constraints): void {
  for (const [field, condition] of Object.entries(filter)) {
    if (field === '$and' && Array.isArray(condition)) {
      for (const part of condition) if (isDoc(part)) collect(part, found)
    } else if (!field.startsWith('$')) {
      for (const intervals of intervalsOfCondition(condition))
        found.set(field, [...(found.get(field) ?? []), intervals])
    }
  }
}

function intervalsOfCondition(condition: unknown): Interval[][] {
  if (condition instanceof BSONRegExp) return []
  if (!isOperatorDoc(condition)) return intervalsOfOperators({ $eq: condition })
  // One element must satisfy all conditions of `$elemMatch`.
  const { $elemMatch: inner, ...operators } = condition
  const ofElement = isOperatorDoc(inner) ? intervalsOfOperators(inner) : []
  return [...intervalsOfOperators(operators), ...(ofElement.length > 0 ? [ofElement.reduce(intersect)] : [])]
}

const intervalsOfOperators = (operators: Doc): Interval[][] =>
  Object.entries(operators).flatMap(([operator, operand]) => {
    // every value of `$all` is a condition of its own
    if (operator === '$all') return Array.isArray(operand) ? operand.flatMap(intervalsOfCondition) : []
    const intervals = indexIntervals(operator, operand)
    return intervals ? [intervals] : []
  })
