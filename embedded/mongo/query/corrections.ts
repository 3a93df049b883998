import { ObjectId } from 'bson'
import type { ExpressionOperator } from 'mingo/types'
import { badValue, CommandError } from '../errors.ts'
import { compare } from '../values/order.ts'
import { type Doc, isDoc, Rank, rankOf } from '../values/types.ts'
import { type Evaluate, isNil, isTruthy, operator, pair, single } from './operator.ts'
import { SCORE } from './score.ts'

/** Unlike in filters, comparing in an expression knows no type brackets, and missing is less than null. */
const comparison = (accepts: (order: number) => unknown) =>
  operator((operand, evaluate) => accepts(compare(...pair(operand, evaluate))))

const textOf = (value: unknown): string | null => {
  if (isNil(value)) return null
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'object' && !(value instanceof ObjectId)) {
    throw new CommandError(241, 'Unsupported conversion to string in $convert with no onError value')
  }
  return String(value)
}

/** Operands of an accumulator used as an expression: the list itself, or the elements of one array. */
const listed = (operand: unknown, evaluate: Evaluate): unknown[] => {
  if (Array.isArray(operand) && operand.length !== 1) return operand.map(evaluate)
  const value = single(operand, evaluate)
  return Array.isArray(value) ? value : [value]
}
const sum = (values: unknown[]) =>
  values.reduce((total: number, v) => (typeof v === 'number' ? total + v : total), 0)

/** The greatest (1) or least (-1) of the values that are there; null when there is none. */
export const extreme = (values: unknown[], direction: 1 | -1): unknown =>
  values
    .filter((value) => !isNil(value))
    .reduce<unknown>(
      (best, value) => (best === undefined || compare(value, best) * direction > 0 ? value : best),
      undefined,
    ) ?? null

export const average = (values: unknown[]): number | null => {
  const numbers = values.filter((value) => typeof value === 'number')
  return numbers.length === 0 ? null : sum(numbers) / numbers.length
}
export const total = sum

/** Rounds halves to even, as IEEE 754 and MongoDB do. */
function round(value: number, place: number): number {
  if (!Number.isFinite(value)) return value
  const scale = 10 ** place
  const scaled = Number.parseFloat((value * scale).toPrecision(15))
  const lower = Math.floor(scaled)
  const rest = scaled - lower
  const whole = rest > 0.5 || (rest === 0.5 && lower % 2 !== 0) ? lower + 1 : lower
  return whole / scale
}

const TYPE_NAMES: Record<Rank, string> = {
  [Rank.minKey]: 'minKey',
  [Rank.undefined]: 'missing',
  [Rank.null]: 'null',
  [Rank.number]: 'number',
  [Rank.string]: 'string',
  [Rank.object]: 'object',
  [Rank.array]: 'array',
  [Rank.binary]: 'binData',
  [Rank.objectId]: 'objectId',
  [Rank.boolean]: 'bool',
  [Rank.date]: 'date',
  [Rank.timestamp]: 'timestamp',
  [Rank.regex]: 'regex',
  [Rank.maxKey]: 'maxKey',
}

/** The name `$type` gives to the type of a value. */
export function typeName(value: unknown): string {
  if (typeof value === 'number') return Object.is(value | 0, value) ? 'int' : 'double'
  return TYPE_NAMES[rankOf(value)]
}

function toObjectId(value: unknown): ObjectId | null {
  if (isNil(value)) return null
  if (value instanceof ObjectId) return value
  if (typeof value === 'string' && /^[0-9a-f]{24}$/i.test(value)) return new ObjectId(value)
  throw new CommandError(241, `Failed to parse objectId '${String(value)}' in $convert with no onError value`)
}

function chooseBranch(operand: unknown, evaluate: Evaluate): unknown {
  const { branches, ...rest } = isDoc(operand) ? operand : {}
  if (!Array.isArray(branches) || branches.length === 0 || !branches.every(isDoc)) {
    throw new CommandError(40068, '$switch requires at least one branch.')
  }
  for (const branch of branches) if (isTruthy(evaluate(branch.case))) return evaluate(branch.then)
  if ('default' in rest) return evaluate(rest.default)
  throw new CommandError(
    40066,
    '$switch could not find a matching branch for an input, and no default was specified.',
  )
}

/** Operators mingo lacks, or in which it differs from MongoDB. */
export const corrected: Record<`$${string}`, ExpressionOperator> = {
  $cmp: comparison(Math.sign),
  $eq: comparison((order) => order === 0),
  $ne: comparison((order) => order !== 0),
  $gt: comparison((order) => order > 0),
  $gte: comparison((order) => order >= 0),
  $lt: comparison((order) => order < 0),
  $lte: comparison((order) => order <= 0),
  $not: operator((operand, evaluate) => !isTruthy(single(operand, evaluate))),
  $max: operator((operand, evaluate) => extreme(listed(operand, evaluate), 1)),
  $min: operator((operand, evaluate) => extreme(listed(operand, evaluate), -1)),
  $sum: operator((operand, evaluate) => sum(listed(operand, evaluate))),
  $avg: operator((operand, evaluate) => average(listed(operand, evaluate))),
  $round: operator((operand, evaluate) => {
    const parts: unknown[] = Array.isArray(operand) ? operand : [operand]
    const [value, place = 0] = parts.map(evaluate)
    if (isNil(value)) return null
    if (typeof value !== 'number' || typeof place !== 'number')
      throw badValue('$round only supports numeric types')
    return round(value, place)
  }),
  $mod: operator((operand, evaluate) => {
    const [dividend, divisor] = pair(operand, evaluate)
    if (isNil(dividend) || isNil(divisor)) return null
    if (typeof dividend !== 'number' || typeof divisor !== 'number') {
      throw new CommandError(16611, '$mod only supports numeric types')
    }
    if (divisor === 0) throw new CommandError(16610, "can't $mod by zero")
    return (dividend % divisor) + 0
  }),
  $switch: operator(chooseBranch),
  // Only ASCII changes case, as in MongoDB.
  $toLower: operator((operand, evaluate) =>
    (textOf(single(operand, evaluate)) ?? '').replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  ),
  $toUpper: operator((operand, evaluate) =>
    (textOf(single(operand, evaluate)) ?? '').replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
  ),
  $toString: operator((operand, evaluate) => textOf(single(operand, evaluate))),
  $toObjectId: operator((operand, evaluate) => toObjectId(single(operand, evaluate))),
  $type: operator((operand, evaluate) => typeName(single(operand, evaluate))),
  $meta: ((doc: unknown, operand: unknown, options: { local: { root: unknown } }) => {
    if (operand !== 'textScore') throw badValue(`Unsupported argument to $meta: ${String(operand)}`)
    const root = options.local.root ?? doc
    const score = isDoc(root) ? (root as Doc & { [SCORE]?: number })[SCORE] : undefined
    if (score === undefined) {
      throw new CommandError(40218, 'query requires text score metadata, but it is not available')
    }
    return score
  }) as unknown as ExpressionOperator,
}
