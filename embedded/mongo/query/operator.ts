import { evalExpr } from 'mingo/core'
import type { ExpressionOperator, Options } from 'mingo/types'
import { CommandError } from '../errors.ts'

/** Yields the value of a part of the operand. */
export type Evaluate = (operand: unknown) => unknown

/** An operator of mingo from a function of its operand; `evaluate` yields the value of a part of the operand. */
export const operator = (run: (operand: unknown, evaluate: Evaluate) => unknown): ExpressionOperator =>
  ((doc: unknown, operand: unknown, options: Options) =>
    run(operand, (part) => evalExpr(doc, part, options))) as ExpressionOperator

/** Both operands of an operator that takes exactly two. */
export const pair = (operand: unknown, evaluate: Evaluate): [unknown, unknown] => {
  if (!Array.isArray(operand) || operand.length !== 2) {
    throw new CommandError(16020, 'Expression takes exactly 2 arguments.')
  }
  return [evaluate(operand[0]), evaluate(operand[1])]
}
/** The operand of an operator that takes one, with or without brackets. */
export const single = (operand: unknown, evaluate: Evaluate) =>
  evaluate(Array.isArray(operand) && operand.length === 1 ? operand[0] : operand)
export const isNil = (value: unknown) => value === null || value === undefined

/** Everything is true except false, null, missing and zero. */
export const isTruthy = (value: unknown) =>
  value !== false && value !== null && value !== undefined && value !== 0
