import { ObjectId } from 'bson'
import { evalExpr } from 'mingo/core'
import * as mingo from 'mingo/operators/expression'
import type { ExpressionOperator, Options } from 'mingo/types'
import { CommandError, notImplemented } from '../errors.ts'
import { type Doc, isDoc } from '../values/types.ts'
import { type Evaluate, isNil, operator, single } from './operator.ts'

const DAY_MS = 86_400_000

/** A part of a date in UTC; other time zones are refused. */
const part = (read: (date: Date) => number) =>
  operator((operand, evaluate) => {
    const date = dateOf(operand, evaluate)
    return date && read(date)
  })

function dateOf(operand: unknown, evaluate: Evaluate): Date | null {
  const named = isDoc(operand) && 'date' in operand
  if (named) refuseTimezone(operand, evaluate)
  const value = named ? evaluate(operand.date) : single(operand, evaluate)
  if (isNil(value)) return null
  if (value instanceof ObjectId) return value.getTimestamp()
  if (value instanceof Date) return value
  throw new CommandError(16006, `can't convert from BSON type ${typeof value} to Date`)
}

function refuseTimezone(operand: Doc, evaluate: Evaluate): void {
  if (!('timezone' in operand)) return
  const zone = evaluate(operand.timezone)
  if (zone !== 'UTC' && zone !== 'GMT' && zone !== 'Z') throw notImplemented('A time zone other than UTC')
}

/** An operator of mingo that reckons with dates: null without them, UTC only. */
function reckoning(name: keyof typeof mingo & `$${string}`, dates: readonly string[]): ExpressionOperator {
  const original = mingos[name]
  return ((doc: unknown, operand: unknown, options: Options) => {
    if (!isDoc(operand)) throw new CommandError(5166400, `${name} expects an object as its argument`)
    const evaluate = (expression: unknown) => evalExpr(doc, expression, options)
    refuseTimezone(operand, evaluate)
    const values = dates.map((field) => evaluate(operand[field]))
    if (values.some(isNil)) return null
    if (!values.every((value) => value instanceof Date)) {
      throw new CommandError(5166307, `${name} requires a date, got another type`)
    }
    return original(doc, operand, options)
  }) as ExpressionOperator
}

type Original = (doc: unknown, operand: unknown, options: Options) => unknown
const mingos = { ...mingo } as unknown as Record<string, Original> & Record<keyof typeof mingo, Original>

export const dateOperators: Record<`$${string}`, ExpressionOperator> = {
  $year: part((date) => date.getUTCFullYear()),
  $month: part((date) => date.getUTCMonth() + 1),
  $dayOfMonth: part((date) => date.getUTCDate()),
  $dayOfWeek: part((date) => date.getUTCDay() + 1),
  $dayOfYear: part(
    (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS) + 1,
  ),
  $hour: part((date) => date.getUTCHours()),
  $minute: part((date) => date.getUTCMinutes()),
  $second: part((date) => date.getUTCSeconds()),
  $millisecond: part((date) => date.getUTCMilliseconds()),
  $dateToString: reckoning('$dateToString', ['date']),
  $dateTrunc: reckoning('$dateTrunc', ['date']),
  $dateAdd: reckoning('$dateAdd', ['startDate']),
  $dateSubtract: reckoning('$dateSubtract', ['startDate']),
  $dateDiff: reckoning('$dateDiff', ['startDate', 'endDate']),
}
