import { BSONRegExp } from 'bson'
import type { OrderedIndex, Stretch } from '../index/ordered-index.ts'
import { type Interval, indexedBy, intersect, isPoint, NOT_NULL, within } from '../query/intervals.ts'
import { isOperatorDoc } from '../query/match.ts'
import type { SortField } from '../query/sort.ts'
import { type Doc, isDoc } from '../values/types.ts'

export interface IndexPlan {
  kind: 'index'
  index: OrderedIndex
  stretches: readonly Stretch[]
  direction: 1 | -1
  /** The candidates come in the order asked for. */
  sorted: boolean
  score: number
}

const MOST_STRETCHES = 10_000
/** How well an index serves: every field pinned to values counts most, then order, then a range. */
const WORTH = { unique: 1000, pinned: 10, sorted: 8, range: 5 }

/** The best use of one index, or undefined when it may miss documents or would not help. */
export function planIndex(
  index: OrderedIndex,
  constraints: Constraints,
  sort: readonly SortField[],
): IndexPlan | undefined {
  if (!isComplete(index, constraints)) return undefined
  const { stretches, pinned, ranged } = stretchesOf(index, constraints)
  const direction = stretches.length > 1 ? undefined : directionOf(index, sort, pinned)
  const score =
    pinned * WORTH.pinned +
    (ranged ? WORTH.range : 0) +
    (direction ? WORTH.sorted : 0) +
    (index.spec.unique && pinned === index.fields.length ? WORTH.unique : 0)
  if (score === 0) return undefined
  return {
    kind: 'index',
    index,
    stretches,
    direction: direction ?? 1,
    sorted: direction !== undefined,
    score,
  }
}

/** Sparse and partial indexes lack documents: they serve only filters that ask for none of those. */
function isComplete({ spec, fields, condition }: OrderedIndex, constraints: Constraints): boolean {
  const asksOnly = (path: string, allowed: Interval[]) =>
    constraints.get(path)?.some((intervals) => within(intervals, allowed)) ?? false
  if (spec.sparse && !fields.some((field) => asksOnly(field, [NOT_NULL]))) return false
  return [...condition].every(([path, allowed]) => asksOnly(path, allowed))
}

/** On a multikey field different elements may satisfy different conditions, so only one of them can narrow. */
function intervalsFor(index: OrderedIndex, field: number, constraints: Constraints): Interval[] | undefined {
  const lists = constraints.get(index.fields[field] ?? '')
  if (!lists || !index.isMultikeyIn(field)) return lists?.reduce(intersect)
  return lists.find((list) => list.every(isPoint)) ?? lists[0]
}

/** Where the index holds what is asked for: exact values of the first fields, then maybe a range of the next. */
function stretchesOf(index: OrderedIndex, constraints: Constraints) {
  let prefixes = ['']
  let pinned = 0
  let multikey = false
  for (const field of index.fields.keys()) {
    const intervals = intervalsFor(index, field, constraints)
    if (!intervals || prefixes.length * intervals.length > MOST_STRETCHES) break
    // One entry speaks of one element: conditions on two fields of a list may be met by different elements.
    if (multikey && index.isMultikeyIn(field)) break
    multikey ||= index.isMultikeyIn(field)
    const extended = <T>(by: (prefix: string, interval: Interval) => T): T[] =>
      prefixes.flatMap((prefix) => intervals.map((interval) => by(prefix, interval)))
    if (!intervals.every(isPoint)) {
      const stretches = extended((prefix, interval) => index.ranging(prefix, field, interval))
      return { stretches, pinned, ranged: true }
    }
    prefixes = extended((prefix, { low }) => prefix + index.codeOf(field, low))
    pinned += 1
  }
  return { stretches: prefixes.map((prefix) => index.startingWith(prefix)), pinned, ranged: false }
}

/** Which way a single stretch of the index yields the order asked for, once its pinned fields are set aside. */
function directionOf(index: OrderedIndex, sort: readonly SortField[], pinned: number): 1 | -1 | undefined {
  const constant = index.fields.filter((_, field) => field < pinned && !index.isMultikeyIn(field))
  const wanted = sort.filter(({ path }) => !constant.includes(path))
  if (sort.length === 0 || wanted.some(({ score }) => score)) return undefined
  const direction = wanted[0]?.direction === index.directions[pinned] ? 1 : -1
  const fits = wanted.every(({ path, direction: asked }, i) => {
    const field = pinned + i
    const same = index.fields[field] === path && (index.directions[field] ?? 0) * direction === asked
    return same && !index.isMultikeyIn(field)
  })
  return fits ? direction : undefined
}

/**
 * What a filter demands of paths, as far as an index can tell. Each entry of a list must hold, on its own:
 * on an array, different elements may satisfy them.
 */
export type Constraints = Map<string, Interval[][]>

/** Conditions that every match satisfies; an index over them yields all matches and maybe more. */
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
      for (const intervals of ofCondition(condition))
        found.set(field, [...(found.get(field) ?? []), intervals])
    }
  }
}

function ofCondition(condition: unknown): Interval[][] {
  if (condition instanceof BSONRegExp) return []
  if (!isOperatorDoc(condition)) return ofOperators({ $eq: condition })
  // One element satisfies all of it.
  const { $elemMatch: inner, ...operators } = condition
  const ofElement = isOperatorDoc(inner) ? ofOperators(inner) : []
  return [...ofOperators(operators), ...(ofElement.length > 0 ? [ofElement.reduce(intersect)] : [])]
}

const ofOperators = (operators: Doc): Interval[][] =>
  Object.entries(operators).flatMap(([operator, operand]) => {
    const intervals = indexedBy(operator, operand)
    return intervals ? [intervals] : []
  })
