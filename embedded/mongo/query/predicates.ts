import type { BSONRegExp } from 'bson'
import { badValue, CommandError } from '../errors.ts'
import { encode } from '../values/order.ts'
import { Rank, rankOf } from '../values/types.ts'
import { contains, RANGES, rangeIntervals } from './intervals.ts'

/**
 * Tests the value at the end of a path; `undefined` for a missing value. With `whole`, an array is tested itself and not
 * by its elements.
 */
export type Predicate = (value: unknown, whole?: boolean) => boolean

/** Makes an array satisfy a test as a whole or by any of its elements. */
const valueOrElement =
  (test: (value: unknown) => boolean): Predicate =>
  (value, whole = false) =>
    test(value) || (!whole && Array.isArray(value) && value.some((element) => test(element)))

export function equalTo(operand: unknown): Predicate {
  if (typeof operand === 'string' || typeof operand === 'boolean')
    return valueOrElement((value) => value === operand)
  const code = encode(operand ?? null)
  return valueOrElement((value) => encode(value ?? null) === code)
}

export function oneOf(operand: unknown): Predicate {
  if (!Array.isArray(operand)) throw badValue('$in and $nin need an array')
  if (operand.every((value) => typeof value === 'string')) {
    const texts = new Set<unknown>(operand)
    return valueOrElement((value) => texts.has(value))
  }
  const codes = new Set(operand.map((value) => encode(value ?? null)))
  return valueOrElement((value) => codes.has(encode(value ?? null)))
}

/**
 * Compiles a regular expression to a test of strings.
 *
 * @throws 51091 for a pattern or option that JavaScript does not support
 */
export function matching({ pattern, options }: BSONRegExp): Predicate {
  try {
    if (!/^[ims]*$/.test(options)) throw new SyntaxError(`unknown options ${options}`)
    const regex = new RegExp(pattern, options)
    return valueOrElement((value) => typeof value === 'string' && regex.test(value))
  } catch (error) {
    throw new CommandError(51091, `Regular expression is invalid: ${error}`)
  }
}

function ofSize(operand: unknown): Predicate {
  if (typeof operand !== 'number' || !Number.isInteger(operand) || operand < 0) {
    throw badValue(`Failed to parse $size. Expected a non-negative integer, found: ${String(operand)}`)
  }
  return (value) => Array.isArray(value) && value.length === operand
}

/**
 * Returns the rank of a type name.
 *
 * @throws 2 for types that cannot be stored here and for type numbers
 */
export function rankNamed(name: unknown): Rank {
  const [, rank] = Object.entries(Rank).find(([known]) => known === name && known !== 'undefined') ?? []
  if (rank === undefined) throw badValue(`Unknown type name alias: ${String(name)}`)
  return rank
}

function ofType(operand: unknown): Predicate {
  const ranks = (Array.isArray(operand) ? operand : [operand]).map(rankNamed)
  return valueOrElement((value) => ranks.includes(rankOf(value)))
}

const ranges = RANGES.map((operator): [string, (operand: unknown) => Predicate] => [
  operator,
  (operand) => {
    const [range] = rangeIntervals(operator, operand)
    return valueOrElement((value) => range !== undefined && contains(range, encode(value ?? null)))
  },
])

/** Operators that test one value. Each checks its operand when it is compiled. */
export const PREDICATES: ReadonlyMap<string, (operand: unknown) => Predicate> = new Map([
  ['$eq', equalTo],
  ['$in', oneOf],
  ['$size', ofSize],
  ['$type', ofType],
  ...ranges,
])
