import { Context, evalExpr, ProcessingMode } from 'mingo/core'
import * as expressions from 'mingo/operators/expression'
import type { ExpressionOperator, Options } from 'mingo/types'
import { badValue } from '../errors.ts'
import type { Doc } from '../values/types.ts'
import { corrected } from './corrections.ts'
import { dateOperators } from './date-operators.ts'
import { listOperators } from './list-operators.ts'

/** What of mingo's expressions was found to agree with MongoDB; the rest is refused, or corrected. */
const ADOPTED = [
  ...['$abs', '$add', '$ceil', '$divide', '$exp', '$floor', '$ln', '$log10', '$multiply', '$pow', '$sqrt'],
  ...['$subtract', '$trunc', '$and', '$or', '$cond', '$ifNull', '$let', '$isNumber', '$toBool', '$toDate'],
  ...[
    '$toDouble',
    '$toInt',
    '$toLong',
    '$arrayElemAt',
    '$concatArrays',
    '$filter',
    '$isArray',
    '$map',
    '$range',
  ],
  ...['$reduce', '$reverseArray', '$zip', '$objectToArray', '$mergeObjects', '$allElementsTrue'],
  ...['$anyElementTrue', '$concat', '$regexMatch', '$replaceAll', '$replaceOne', '$split', '$strLenBytes'],
  ...['$strLenCP', '$substrCP', '$trim', '$ltrim', '$rtrim', '$literal'],
] as const

type Operators = Record<`$${string}`, ExpressionOperator>

const mingo = { ...expressions }

/** Not of MongoDB: answers the options an evaluation runs under, so that one object serves many documents. */
const CAPTURE = '$_embeddedOptions'
const capture = (_doc: unknown, _operand: unknown, options: Options) => options

const table: Operators = {
  ...Object.fromEntries(ADOPTED.map((name) => [name, mingo[name]])),
  ...corrected,
  ...listOperators,
  ...dateOperators,
}
const context = Context.init({ expression: { ...table, [CAPTURE]: capture as ExpressionOperator } })

/** Operators whose operand is not an expression to be checked. */
export const TAKES_LITERAL: ReadonlySet<string> = new Set(['$meta'])

export const isExpression = (operator: string) => Object.hasOwn(table, operator)
/** True for what MongoDB knows and this stand-in does not offer. */
export const isKnownExpression = (operator: string) => Object.hasOwn(mingo, operator)

/** A function that evaluates a checked expression for one document after another. */
export function evaluatorOf(expression: unknown, variables: Doc): (doc: unknown) => unknown {
  const options: Options = {
    idKey: '_id',
    scriptEnabled: false,
    useStrictMode: true,
    failOnError: true,
    processingMode: ProcessingMode.CLONE_OFF,
    variables,
    context,
  }
  const captured = evalExpr({}, { [CAPTURE]: null }, options)
  if (!isReusable(captured)) throw badValue('the expression cannot be evaluated')
  return (doc) => evalExpr(doc, expression, captured.update({ root: doc }))
}

interface ReusableOptions extends Options {
  update(locals: { root: unknown }): ReusableOptions
}
const isReusable = (options: unknown): options is ReusableOptions =>
  typeof options === 'object' && options !== null && 'update' in options
