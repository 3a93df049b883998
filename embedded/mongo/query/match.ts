import { BSONRegExp } from 'bson'
import { badValue, CommandError, unknownName } from '../errors.ts'
import { visitPath } from '../values/path.ts'
import { type Doc, isDoc, own } from '../values/types.ts'
import { compileExpression, isTruthy } from './expression.ts'
import { equalTo, matching, oneOf, PREDICATES, type Predicate } from './predicates.ts'

/** Returns whether a document matches a filter. */
export type Matcher = (doc: Doc) => boolean

/**
 * Compiles a filter.
 *
 * @param text test for `$text` at the top level or in `$and`; without it `$text` is refused
 * @throws 2 for an unknown operator
 */
export function compileFilter(filter: unknown, text?: Matcher): Matcher {
  if (!isDoc(filter)) throw new CommandError(14, 'the filter must be an object')
  return allOf(Object.entries(filter).map(([field, condition]) => compileClause(field, condition, text)))
}

function allOf<T>(tests: ((subject: T) => boolean)[]): (subject: T) => boolean {
  const [first, second] = tests
  if (!first) return () => true
  if (!second) return first
  return (subject) => tests.every((test) => test(subject))
}

function compileClause(field: string, condition: unknown, text: Matcher | undefined): Matcher {
  if (!field.startsWith('$')) {
    if (!field.includes('.')) return compileCondition(condition, (test) => (doc) => test(own(doc, field)))
    const parts = field.split('.')
    return compileCondition(condition, (test) => (doc) => visitPath(doc, parts, 0, test))
  }
  switch (field) {
    case '$and':
      return allOf(compileList(field, condition, text))
    case '$or':
    case '$nor': {
      const tests = compileList(field, condition)
      const wanted = field === '$or'
      return (doc) => tests.some((test) => test(doc)) === wanted
    }
    case '$expr': {
      const evaluate = compileExpression(condition)
      return (doc) => isTruthy(evaluate(doc))
    }
    case '$text':
      if (!text) throw badValue('$text is not allowed in this context')
      return text
  }
  throw unknownName(2, `The operator ${field}`)
}

function compileList(operator: string, list: unknown, text?: Matcher): Matcher[] {
  if (!Array.isArray(list) || list.length === 0) throw badValue(`${operator} must be a nonempty array`)
  return list.map((filter) => {
    if (!isDoc(filter)) throw badValue(`${operator} entries need to be full objects`)
    return compileFilter(filter, text)
  })
}

export const isOperatorDoc = (value: unknown): value is Doc =>
  isDoc(value) && Object.keys(value)[0]?.startsWith('$') === true

type At<T> = (test: Predicate) => (subject: T) => boolean

/** Compiles the condition on a document's path or on an array element; `at` tests the value there. */
function compileCondition<T>(condition: unknown, at: At<T>): (subject: T) => boolean {
  if (condition instanceof BSONRegExp) return at(matching(condition))
  if (!isOperatorDoc(condition)) return at(equalTo(condition))
  return allOf(Object.entries(condition).map(([operator, operand]) => compileOperator(operator, operand, at)))
}

function compileOperator<T>(operator: string, operand: unknown, at: At<T>): (subject: T) => boolean {
  const not = (test: (subject: T) => boolean) => (subject: T) => !test(subject)
  switch (operator) {
    case '$not':
      if (!isOperatorDoc(operand)) throw badValue('$not needs a document of operators')
      return not(compileCondition(operand, at))
    case '$ne':
      return not(at(equalTo(operand)))
    case '$nin':
      return not(at(oneOf(operand)))
    case '$exists': {
      const exists = at((value) => value !== undefined)
      return isTruthy(operand) ? exists : not(exists)
    }
    case '$all':
      return compileAll(operand, at)
    case '$elemMatch': {
      const test = compileElement(operand)
      return at((value) => Array.isArray(value) && value.some((element) => test(element)))
    }
  }
  const predicate = PREDICATES.get(operator)
  if (!predicate) throw unknownName(2, `The operator ${operator}`)
  return at(predicate(operand))
}

function compileAll<T>(operand: unknown, at: At<T>): (subject: T) => boolean {
  if (!Array.isArray(operand)) throw badValue('$all needs an array')
  if (operand.length === 0) return () => false
  if (operand.some((value) => isOperatorDoc(value) && !('$elemMatch' in value)))
    throw badValue('no $ expressions in $all')
  return allOf(operand.map((value) => compileCondition(value, at)))
}

const LOGICAL = new Set(['$and', '$or', '$nor', '$expr'])

/** Compiles `$elemMatch` to a test of one element: conditions on its fields, or operators on the element itself. */
export function compileElement(operand: unknown): Predicate {
  if (!isDoc(operand)) throw badValue('$elemMatch needs an Object')
  const first = Object.keys(operand)[0]
  if (first?.startsWith('$') && !LOGICAL.has(first)) {
    return compileCondition<unknown>(operand, (matches) => (element) => matches(element, true))
  }
  const test = compileFilter(operand)
  return (element) => (Array.isArray(element) ? test({ ...element }) : isDoc(element) && test(element))
}
