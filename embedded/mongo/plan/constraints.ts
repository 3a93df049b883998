import { isOperatorDoc } from '../query/match.ts'
import { anchoredPrefix, toRegExp } from '../query/regex.ts'
import { type Doc, isDoc, isRegex } from '../values/types.ts'
import { type Interval, intersect, point, prefixRange, rangeOf, union } from './intervals.ts'

/**
 * What a filter demands of paths, as far as an index can tell. Each entry of a list must hold, on its own:
 * on an array, different elements may satisfy them.
 */
export type Constraints = Map<string, Interval[][]>

/** Conditions that every match satisfies; an index over them yields all matches and maybe more. */
export function constraintsOf(filter: Doc): Constraints {
  const found: Constraints = new Map()
  collect(filter, '', found)
  return found
}

function collect(filter: Doc, prefix: string, found: Constraints): void {
  for (const [field, condition] of Object.entries(filter)) {
    if (field === '$and' && Array.isArray(condition)) {
      for (const part of condition) if (isDoc(part)) collect(part, prefix, found)
    } else if (field === '$or' && Array.isArray(condition)) {
      for (const [path, intervals] of shared(condition.filter(isDoc))) add(found, prefix + path, intervals)
    } else if (!field.startsWith('$')) collectField(prefix + field, condition, found)
  }
}

function add(found: Constraints, path: string, intervals: Interval[]): void {
  found.set(path, [...(found.get(path) ?? []), intervals])
}

/** Of alternatives: paths that each of them constrains, to any of what they allow. */
function shared(branches: Doc[]): [string, Interval[]][] {
  const [first, ...rest] = branches.map(constraintsOf)
  if (!first) return []
  return [...first].flatMap(([path, lists]): [string, Interval[]][] => {
    const others = rest.map((branch) => branch.get(path)?.[0])
    if (others.includes(undefined)) return []
    return [[path, union([...(lists[0] ?? []), ...others.flatMap((list) => list ?? [])])]]
  })
}

function collectField(path: string, condition: unknown, found: Constraints): void {
  if (!isOperatorDoc(condition)) {
    const intervals = equality(condition)
    if (intervals) add(found, path, intervals)
    return
  }
  for (const [operator, operand] of Object.entries(condition)) {
    const intervals = intervalsOf(operator, operand, condition)
    if (intervals) add(found, path, intervals)
    if (operator === '$elemMatch' && isDoc(operand)) collectElement(path, operand, found)
  }
}

/** One element satisfies all of it: conditions on its fields, or operators on the element itself. */
function collectElement(path: string, operand: Doc, found: Constraints): void {
  if (!isOperatorDoc(operand)) collect(operand, `${path}.`, found)
  else if (!('$and' in operand || '$or' in operand || '$nor' in operand)) {
    const inner: Constraints = new Map()
    collectField(path, operand, inner)
    const lists = inner.get(path)
    if (lists) add(found, path, lists.reduce(intersect))
  }
}

function intervalsOf(operator: string, operand: unknown, condition: Doc): Interval[] | null {
  switch (operator) {
    case '$eq':
      return equality(operand)
    case '$in': {
      const lists = Array.isArray(operand) ? operand.map(equality) : [null]
      return lists.includes(null) ? null : union(lists.flatMap((list) => list ?? []))
    }
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte': {
      const range = rangeOf(operator, operand)
      return range && [range]
    }
    case '$regex':
      return condition.$options ? null : patternRange(operand)
  }
  return null
}

/** A value that is an array is not kept as such in an index, but by its elements. */
function equality(value: unknown): Interval[] | null {
  if (isRegex(value)) return patternRange(value)
  return Array.isArray(value) ? null : [point(value)]
}

/** A pattern also equals itself where it is stored as a value, so only text can be meant when it is a string. */
function patternRange(pattern: unknown): Interval[] | null {
  const regex = typeof pattern === 'string' || isRegex(pattern) ? toRegExp(pattern) : null
  const prefix = regex && anchoredPrefix(regex)
  if (!prefix) return null
  return isRegex(pattern) ? union([prefixRange(prefix), point(pattern)]) : [prefixRange(prefix)]
}
