import { badValue, notImplemented } from '../errors.ts'
import { encode } from '../values/encode.ts'
import { compare } from '../values/order.ts'
import { isRegex, Rank, rankOf } from '../values/types.ts'
import { toRegExp } from './regex.ts'

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
  if (isRegex(operand)) {
    const regex = toRegExp(operand)
    return orElement((value) => (isRegex(value) ? compare(value, operand) === 0 : isMatch(value, regex)))
  }
  if (operand === null || operand === undefined)
    return orElement((value) => value === null || value === undefined)
  if (typeof operand === 'string' || typeof operand === 'boolean')
    return orElement((value) => value === operand)
  const rank = rankOf(operand)
  return orElement((value) => rankOf(value) === rank && compare(value, operand) === 0)
}

type Comparison = '$gt' | '$gte' | '$lt' | '$lte'
const holds: Record<Comparison, (order: number) => boolean> = {
  $gt: (order) => order > 0,
  $gte: (order) => order >= 0,
  $lt: (order) => order < 0,
  $lte: (order) => order <= 0,
}

/** Ranges see values of the operand's own type only, except from MinKey and to MaxKey. */
export function comparedTo(operator: Comparison, operand: unknown): Predicate {
  if (isRegex(operand)) throw badValue(`Can't have RegEx as arg to predicate over field '${operator}'.`)
  const accepts = holds[operator]
  const rank = rankOf(operand)
  if (rank === Rank.null || rank === Rank.undefined) return accepts(0) ? equalTo(null) : () => false
  if (rank === Rank.minKey || rank === Rank.maxKey) {
    return orElement((value) => accepts(compare(value ?? null, operand)))
  }
  if (Number.isNaN(operand)) return accepts(0) ? equalTo(operand) : () => false
  return orElement(
    (value) => rankOf(value) === rank && !Number.isNaN(value) && accepts(compare(value, operand)),
  )
}

export function oneOf(operand: unknown, operator: string): Predicate {
  if (!Array.isArray(operand)) throw badValue(`${operator} needs an array`)
  const simple = operand.filter((value) => !isRegex(value) && value !== null && value !== undefined)
  const table = new Set(simple.map(encode))
  const rest = operand.filter((value) => isRegex(value) || value === null || value === undefined).map(equalTo)
  const listed = orElement((value) => table.has(encode(value)))
  return (value, whole) => listed(value, whole) || rest.some((test) => test(value, whole))
}

export function matching(regex: RegExp): Predicate {
  return orElement((value) => isMatch(value, regex))
}

const isMatch = (value: unknown, regex: RegExp) => typeof value === 'string' && regex.test(value)

export function ofSize(operand: unknown): Predicate {
  if (typeof operand !== 'number' || !Number.isInteger(operand) || operand < 0) {
    throw badValue(`Failed to parse $size. Expected a non-negative integer, found: ${String(operand)}`)
  }
  return (value) => Array.isArray(value) && value.length === operand
}

export function dividing(operand: unknown): Predicate {
  if (!Array.isArray(operand) || operand.length !== 2 || !operand.every((n) => Number.isFinite(n))) {
    throw badValue('malformed mod, needs to be an array of two numbers')
  }
  const [divisor, remainder] = operand.map((n: number) => Math.trunc(n)) as [number, number]
  if (divisor === 0) throw badValue('divisor cannot be 0')
  return orElement((value) => Number.isFinite(value) && Math.trunc(value as number) % divisor === remainder)
}

const isInt32 = (value: unknown) => Number.isInteger(value) && Object.is((value as number) | 0, value)
const byRank =
  (...ranks: Rank[]): Predicate =>
  (value) =>
    ranks.includes(rankOf(value))

/** Numbers are held as JavaScript numbers: those that fit 32 bits are `int`, all others `double`. */
const TYPES: Record<string, Predicate> = {
  number: byRank(Rank.number),
  double: (value) => typeof value === 'number' && !isInt32(value),
  int: isInt32,
  string: byRank(Rank.string),
  object: byRank(Rank.object),
  array: byRank(Rank.array),
  binData: byRank(Rank.binary),
  objectId: byRank(Rank.objectId),
  bool: byRank(Rank.boolean),
  date: byRank(Rank.date),
  null: byRank(Rank.null),
  regex: byRank(Rank.regex),
  timestamp: byRank(Rank.timestamp),
  minKey: byRank(Rank.minKey),
  maxKey: byRank(Rank.maxKey),
}
const TYPE_NUMBERS: Record<number, string> = {
  1: 'double',
  2: 'string',
  3: 'object',
  4: 'array',
  5: 'binData',
  7: 'objectId',
  8: 'bool',
  9: 'date',
  10: 'null',
  11: 'regex',
  16: 'int',
  17: 'timestamp',
  18: 'long',
  19: 'decimal',
  127: 'maxKey',
}

export function ofType(operand: unknown): Predicate {
  const tests = (Array.isArray(operand) ? operand : [operand]).map((type) => {
    const name =
      typeof type === 'number' ? (TYPE_NUMBERS[type] ?? (type === -1 ? 'minKey' : String(type))) : type
    if (['long', 'decimal', 'undefined', 'symbol', 'javascript', 'dbPointer'].includes(name)) {
      throw notImplemented(`$type '${name}'`)
    }
    const test = typeof name === 'string' && Object.hasOwn(TYPES, name) ? TYPES[name] : undefined
    if (!test) throw badValue(`Unknown type name alias: ${String(type)}`)
    return test
  })
  const any: Predicate = (value) => value !== undefined && tests.some((test) => test(value))
  return orElement(any)
}
