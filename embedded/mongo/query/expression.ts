import { CommandError, notImplemented, typeMismatch, unknownName } from '../errors.ts'
import { compare } from '../values/order.ts'
import { type Doc, isDoc, own, rankOf } from '../values/types.ts'
import { scoreOf } from './score.ts'

/** Computes an expression for a document. Returns undefined if the value is missing. */
export type Evaluator = (doc: Doc) => unknown

/** Returns false for false, null, missing and zero, and true for every other value. */
export const isTruthy = (value: unknown) =>
  value !== false && value !== null && value !== undefined && value !== 0

/** Compares values of all types. Unlike in filters, types are not kept apart, and missing is less than null. */
const comparison = (accepts: (order: number) => boolean) => (values: unknown[]) => {
  if (values.length !== 2) throw new CommandError(16020, 'Expression takes exactly 2 arguments.')
  return accepts(compare(values[0], values[1]))
}

function add(values: unknown[]): number | null {
  let sum = 0
  for (const value of values) {
    if (value === null || value === undefined) return null
    if (value instanceof Date) throw notImplemented('$add with a date')
    if (typeof value !== 'number') throw typeMismatch(`$add only supports numbers, not ${typeof value}`)
    sum += value
  }
  return sum
}

function firstNonNull(values: unknown[]): unknown {
  if (values.length < 2) throw new CommandError(1257300, '$ifNull needs at least two arguments')
  const last = values.length - 1
  return values.find((value, index) => index === last || (value !== null && value !== undefined))
}

const OPERATORS = new Map<string, (values: unknown[]) => unknown>([
  ['$eq', comparison((order) => order === 0)],
  ['$ne', comparison((order) => order !== 0)],
  ['$gt', comparison((order) => order > 0)],
  ['$gte', comparison((order) => order >= 0)],
  ['$lt', comparison((order) => order < 0)],
  ['$lte', comparison((order) => order <= 0)],
  ['$add', add],
  ['$ifNull', firstNonNull],
])

/**
 * Compiles an aggregation expression.
 *
 * @throws 168 for an unknown operator
 */
export function compileExpression(expression: unknown): Evaluator {
  if (typeof expression === 'string' && expression.startsWith('$')) return compilePath(expression)
  if (isDoc(expression)) return compileOperator(expression)
  if (Array.isArray(expression)) throw notImplemented('A list as an expression')
  rankOf(expression)
  return () => expression
}

function compilePath(expression: string): Evaluator {
  if (expression.startsWith('$$')) throw notImplemented(`The variable ${expression}`)
  const parts = expression.slice(1).split('.')
  if (parts.includes('')) throw new CommandError(40353, `'${expression}' contains an empty field name`)
  const [field = '', ...inner] = parts
  return inner.length === 0 ? (doc) => own(doc, field) : (doc) => valueIn(doc, parts)
}

/** Returns the value at a path. An array on the path yields the array of its elements' values. */
function valueIn(value: unknown, [part, ...rest]: readonly string[]): unknown {
  if (part === undefined) return value
  if (Array.isArray(value))
    return value.map((element) => valueIn(element, [part, ...rest])).filter((found) => found !== undefined)
  return isDoc(value) ? valueIn(own(value, part), rest) : undefined
}

function compileOperator(expression: Doc): Evaluator {
  const [name = '', ...others] = Object.keys(expression)
  if (!name.startsWith('$')) throw notImplemented('A document as an expression')
  if (others.length > 0)
    throw new CommandError(15983, 'An object representing an expression must have exactly one field')
  const operand = expression[name]
  if (name === '$meta') {
    if (operand !== 'textScore') throw notImplemented(`$meta: ${String(operand)}`)
    return scoreOf
  }
  const run = OPERATORS.get(name)
  if (!run) throw unknownName(168, `The expression ${name}`)
  const operands = (Array.isArray(operand) ? operand : [operand]).map(compileExpression)
  return (doc) => run(operands.map((evaluate) => evaluate(doc)))
}
