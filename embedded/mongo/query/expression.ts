import { CommandError, notImplemented } from '../errors.ts'
import { type Doc, isDoc, isRegex, own } from '../values/types.ts'
import { evaluatorOf, isExpression, isKnownExpression, TAKES_LITERAL } from './operators.ts'
import { toRegExp } from './regex.ts'

/** What an expression yields for a document; `undefined` when the value is missing. */
export type Evaluator = (doc: Doc) => unknown

/** Compiles an aggregation expression; unknown operators are refused (168) before any document is looked at. */
export function compileExpression(expression: unknown, variables: Doc = {}): Evaluator {
  return shortcut(expression) ?? evaluatorOf(prepareExpression(expression), variables)
}

/** Constants and fields of the document itself need no interpreter. */
function shortcut(expression: unknown): Evaluator | undefined {
  if (typeof expression === 'number' || typeof expression === 'boolean' || expression === null)
    return () => expression
  const field = typeof expression === 'string' ? /^\$([^$.]+)$/.exec(expression)?.[1] : undefined
  return field === undefined ? undefined : (doc) => own(doc, field)
}

/** Checks an expression through and through and turns BSON regular expressions into JavaScript's. */
export function prepareExpression(expression: unknown): unknown {
  if (isRegex(expression)) return toRegExp(expression)
  if (Array.isArray(expression)) return expression.map(prepareExpression)
  if (!isDoc(expression)) return expression
  const fields = Object.keys(expression)
  const operator = fields.find((field) => field.startsWith('$'))
  if (operator === undefined) {
    return Object.fromEntries(fields.map((field) => [field, prepareExpression(expression[field])]))
  }
  if (fields.length > 1) {
    throw new CommandError(15983, 'An object representing an expression must have exactly one field')
  }
  if (operator === '$literal') return expression
  if (!isExpression(operator)) {
    if (isKnownExpression(operator)) throw notImplemented(operator)
    throw new CommandError(168, `Unrecognized expression '${operator}'`)
  }
  const operand = expression[operator]
  return { [operator]: TAKES_LITERAL.has(operator) ? operand : prepareExpression(operand) }
}
