import { BSONRegExp } from 'bson'
import { type Interval, indexedBy, intersect } from '../query/intervals.ts'
import { isOperatorDoc } from '../query/match.ts'
import { type Doc, isDoc } from '../values/types.ts'

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
