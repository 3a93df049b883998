import { valueAt } from '../values/path.ts'
import { type Doc, isDoc } from '../values/types.ts'
import { compileElement, compileFilter, isOperatorDoc } from './match.ts'
import type { Predicate } from './predicates.ts'

/** Answers which element of the list at `path` made the filter match; undefined when none did. */
export type PositionFinder = (doc: Doc) => number | undefined

/**
 * What the positional `$` stands for: the conditions of the filter that reach into the list are tried on its
 * elements, those inside `$and` included. Undefined when the filter says nothing about the list.
 */
export function positionOf(filter: Doc, path: string): PositionFinder | undefined {
  const tests = elementTests(filter, path)
  if (tests.length === 0) return undefined
  const parts = path.split('.')
  return (doc) => {
    const list = valueAt(doc, parts)
    if (!Array.isArray(list)) return undefined
    for (const test of tests) {
      const position = list.findIndex((element) => test(element))
      if (position >= 0) return position
    }
    return undefined
  }
}

function elementTests(filter: Doc, path: string): Predicate[] {
  return Object.entries(filter).flatMap(([field, condition]): Predicate[] => {
    if ((field === '$and' || field === '$or') && Array.isArray(condition)) {
      return condition.filter(isDoc).flatMap((inner) => elementTests(inner, path))
    }
    if (field.startsWith(`${path}.`)) {
      const test = compileFilter({ [field.slice(path.length + 1)]: condition })
      return [(element) => isDoc(element) && test(element)]
    }
    if (field !== path) return []
    if (isOperatorDoc(condition) && '$elemMatch' in condition)
      return [compileElement(condition.$elemMatch, {})]
    const test = compileFilter({ element: condition })
    return [(element) => test({ element })]
  })
}
