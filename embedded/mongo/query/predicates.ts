import type { BSONRegExp } from 'bson'
import { badValue, CommandError } from '../errors.ts'
import { encode } from '../values/order.ts'
import { Rank, rankOf } from '../values/types.ts'
import { contains, RANGES, rangeOf } from './intervals.ts'

/**
 * Tests the value at the end of a path; `undefined` when the path leads nowhere.
 * `whole`: an array is meant itself, not its elements.
 */
export type Predicate = (value: unknown, whole?: boolean) => boolean

/** An array satisfies a predicate through any of its elements, or as a whole. */
const orElement =
  (test: (value: unknown) => boolean): Predicate =>
  (value, whole = false) =>
    test(value) || (!whole && Array.isArray(value) && value.some((element) => test(element)))

export function equalTo(operand: unknown): Predicate {
  if (typeof operand === 'string' || typeof operand === 'boolean')
    return orElement((value) => value === operand)
  const code = encode(operand ?? null)
  return orElement((value) => encode(value ?? null) === code)
}

export function oneOf(operand: unknown): Predicate {
  if (!Array.isArray(operand)) throw badValue('$in and $nin need an array')
  const codes = new Set(operand.map((value) => encode(value ?? null)))
  return orElement((value) => codes.has(encode(value ?? null)))
}

/** Strings a pattern is found in; one that JavaScript does not take, or with options it lacks, is refused (51091). */
export function matching({ pattern, options }: BSONRegExp): Predicate {
  try {
    if (!/^[ims]*$/.test(options)) throw new SyntaxError(`unknown options ${options}`)
    const regex = new RegExp(pattern, options)
    return orElement((value) => typeof value === 'string' && regex.test(value))
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

/** The rank of a type's name; names of types that are not kept here, and numbers of types, are refused. */
export function rankNamed(name: unknown): Rank {
  const [, rank] = Object.entries(Rank).find(([known]) => known === name && known !== 'undefined') ?? []
  if (rank === undefined) throw badValue(`Unknown type name alias: ${String(name)}`)
  return rank
}

function ofType(operand: unknown): Predicate {
  const ranks = (Array.isArray(operand) ? operand : [operand]).map(rankNamed)
  return orElement((value) => ranks.includes(rankOf(value)))
}

const ranges = RANGES.map((operator): [string, (operand: unknown) => Predicate] => [
  operator,
  (operand) => {
    const [range] = rangeOf(operator, operand)
    return orElement((value) => range !== undefined && contains(range, encode(value ?? null)))
  },
])

/** Operators that look at one value; each checks its operand when it is compiled. */
export const PREDICATES: ReadonlyMap<string, (operand: unknown) => Predicate> = new Map([
  ['$eq', equalTo],
  ['$in', oneOf],
  ['$size', ofSize],
  ['$type', ofType],
  ...ranges,
])
