import { badValue, CommandError, notImplemented } from '../errors.ts'
import { reach } from '../values/path.ts'
import { type Doc, isDoc, isRegex } from '../values/types.ts'
import { compileExpression } from './expression.ts'
import { isTruthy } from './operator.ts'
import {
  comparedTo,
  dividing,
  equalTo,
  matching,
  ofSize,
  ofType,
  oneOf,
  type Predicate,
} from './predicates.ts'
import { toRegExp } from './regex.ts'

/** Answers whether a document satisfies a filter. */
export type Matcher = (doc: Doc) => boolean

/** What a filter may refer to from outside of the document. */
export interface MatchScope {
  /** Tests the `$text` of the filter; without it `$text` is refused. */
  text?: Matcher
  /** Variables for `$expr` (`let`). */
  variables?: Doc
}

const UNSUPPORTED = new Set([
  ...['$where', '$jsonSchema', '$geoWithin', '$geoIntersects', '$near', '$nearSphere'],
  ...['$bitsAllSet', '$bitsAllClear', '$bitsAnySet', '$bitsAnyClear'],
])

/** Compiles a filter. Everything unknown in it is refused here, before any document is looked at. */
export function compileFilter(filter: unknown, scope: MatchScope = {}): Matcher {
  if (!isDoc(filter)) throw new CommandError(14, 'the filter must be an object')
  return allOf(Object.entries(filter).map(([field, condition]) => compileClause(field, condition, scope)))
}

function allOf<T>(tests: ((subject: T) => boolean)[]): (subject: T) => boolean {
  const [first, second] = tests
  if (!first) return () => true
  if (!second) return first
  return (subject) => tests.every((test) => test(subject))
}

function compileClause(field: string, condition: unknown, scope: MatchScope): Matcher {
  if (!field.startsWith('$')) return compileField(field, condition, scope)
  switch (field) {
    case '$and':
      return allOf(compileList(field, condition, scope))
    case '$or':
    case '$nor': {
      const tests = compileList(field, condition, scope)
      const wanted = field === '$or'
      return (doc) => tests.some((test) => test(doc)) === wanted
    }
    case '$expr': {
      const evaluate = compileExpression(condition, scope.variables)
      return (doc) => isTruthy(evaluate(doc))
    }
    case '$text':
      if (!scope.text) throw badValue('$text is not allowed in this context')
      return scope.text
    case '$comment':
      return () => true
  }
  if (UNSUPPORTED.has(field)) throw notImplemented(field)
  throw badValue(`unknown top level operator: ${field}. If you are trying to use an operator, see the manual`)
}

function compileList(operator: string, list: unknown, scope: MatchScope): Matcher[] {
  if (!Array.isArray(list) || list.length === 0) throw badValue(`${operator} must be a nonempty array`)
  return list.map((filter) => {
    if (!isDoc(filter)) throw badValue(`${operator} entries need to be full objects`)
    return compileFilter(filter, scope)
  })
}

export const isOperatorDoc = (value: unknown): value is Doc =>
  isDoc(value) && Object.keys(value)[0]?.startsWith('$') === true

function compileField(path: string, condition: unknown, scope: MatchScope): Matcher {
  const parts = path.split('.')
  return compileCondition(condition, (test) => (doc) => reach(doc, parts, 0, test), scope)
}

/** Compiles what is asked of one place, a path of a document or an element of an array; `at` tests what is there. */
function compileCondition<T>(condition: unknown, at: At<T>, scope: MatchScope): (subject: T) => boolean {
  if (!isOperatorDoc(condition)) return at(equalTo(condition))
  if ('$options' in condition && !('$regex' in condition)) throw badValue('$options needs a $regex')
  const operators = Object.entries(condition).filter(([operator]) => operator !== '$options')
  return allOf(operators.map(([operator, operand]) => compileOne(operator, operand, condition, at, scope)))
}

type At<T> = (test: Predicate) => (subject: T) => boolean

function compileOne<T>(
  operator: string,
  operand: unknown,
  condition: Doc,
  at: At<T>,
  scope: MatchScope,
): (subject: T) => boolean {
  const not = (test: (subject: T) => boolean) => (subject: T) => !test(subject)
  switch (operator) {
    case '$not':
      if (!isRegex(operand) && !isOperatorDoc(operand)) throw badValue('$not needs a regex or a document')
      return not(compileCondition(operand, at, scope))
    case '$ne':
      if (isRegex(operand)) throw badValue("Can't have regex as arg to $ne.")
      return not(at(equalTo(operand)))
    case '$nin':
      return not(at(oneOf(operand, operator)))
    case '$exists': {
      const exists = at((value) => value !== undefined)
      return isTruthy(operand) ? exists : not(exists)
    }
    case '$all':
      return compileAll(operand, at, scope)
  }
  return at(compileOperator(operator, operand, condition, scope))
}

function compileAll<T>(operand: unknown, at: At<T>, scope: MatchScope): (subject: T) => boolean {
  if (!Array.isArray(operand)) throw badValue('$all needs an array')
  if (operand.length === 0) return () => false
  const tests = operand.map((value) => {
    if (isOperatorDoc(value) && !('$elemMatch' in value)) throw badValue('no $ expressions in $all')
    return compileCondition(value, at, scope)
  })
  return allOf(tests)
}

function compileOperator(operator: string, operand: unknown, condition: Doc, scope: MatchScope): Predicate {
  switch (operator) {
    case '$eq':
      return equalTo(operand)
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return comparedTo(operator, operand)
    case '$in':
      return oneOf(operand, operator)
    case '$regex':
      return matching(compileRegex(operand, condition.$options))
    case '$size':
      return ofSize(operand)
    case '$mod':
      return dividing(operand)
    case '$type':
      return ofType(operand)
    case '$elemMatch': {
      const test = compileElement(operand, scope)
      return (value) => Array.isArray(value) && value.some((element) => test(element))
    }
  }
  if (UNSUPPORTED.has(operator)) throw notImplemented(operator)
  throw badValue(`unknown operator: ${operator}`)
}

function compileRegex(operand: unknown, options: unknown): RegExp {
  if (typeof operand !== 'string' && !isRegex(operand)) throw badValue('$regex has to be a string')
  return toRegExp(operand, typeof options === 'string' ? options : undefined)
}

const LOGICAL = new Set(['$and', '$or', '$nor', '$expr'])

/** The test of `$elemMatch` on one element: conditions on its fields, or operators on the element itself. */
export function compileElement(operand: unknown, scope: MatchScope): Predicate {
  if (!isDoc(operand)) throw badValue('$elemMatch needs an Object')
  const first = Object.keys(operand)[0]
  if (first?.startsWith('$') && !LOGICAL.has(first)) {
    return compileCondition<unknown>(operand, (matches) => (element) => matches(element, true), scope)
  }
  const test = compileFilter(operand, scope)
  return (element) => {
    if (Array.isArray(element)) return test({ ...element })
    return isDoc(element) && test(element)
  }
}
