import type { ExpressionOperator } from 'mingo/types'
import { CommandError } from '../errors.ts'
import { encode } from '../values/encode.ts'
import { isEqual } from '../values/order.ts'
import { type Doc, isDoc } from '../values/types.ts'
import { type Evaluate, isNil, operator, pair, single } from './operator.ts'

const elementAt = (name: string, index: 0 | -1) =>
  operator((operand, evaluate) => {
    const list = single(operand, evaluate)
    if (isNil(list)) return null
    if (!Array.isArray(list)) throw new CommandError(28689, `${name}'s argument must be an array`)
    return list.at(index)
  })

/** Operands that must be lists; null as soon as one is missing. */
function lists(name: string, operand: unknown, evaluate: Evaluate): unknown[][] | null {
  const values = (Array.isArray(operand) ? operand : [operand]).map(evaluate)
  if (values.some(isNil)) return null
  return values.map((value) => {
    if (!Array.isArray(value)) throw new CommandError(17043, `All operands of ${name} must be arrays`)
    return value
  })
}

const keyed = (list: unknown[]) => new Map(list.map((value) => [encode(value), value]))

/** A set operator: operands are taken as sets of what is equal to MongoDB. */
const setOperator = (name: string, run: (sets: Map<string, unknown>[]) => unknown) =>
  operator((operand, evaluate) => {
    const found = lists(name, operand, evaluate)
    return found && run(found.map(keyed))
  })

function slice(operand: unknown, evaluate: Evaluate): unknown {
  const values: unknown[] = Array.isArray(operand) ? operand.map(evaluate) : []
  const [list, position, count] = values
  if (values.length < 2 || values.length > 3) throw new CommandError(28667, '$slice takes 2 or 3 arguments')
  if (values.some(isNil)) return null
  if (!Array.isArray(list)) throw new CommandError(28724, 'First argument to $slice must be an array')
  if (typeof position !== 'number')
    throw new CommandError(28725, 'Second argument to $slice must be a number')
  if (count === undefined) return position < 0 ? list.slice(position) : list.slice(0, position)
  if (typeof count !== 'number' || count <= 0)
    throw new CommandError(28729, 'Third argument to $slice must be positive')
  const start = position < 0 ? Math.max(0, list.length + position) : position
  return list.slice(start, start + count)
}

function arrayToObject(operand: unknown, evaluate: Evaluate): Doc | null {
  const list = single(operand, evaluate)
  if (isNil(list)) return null
  if (!Array.isArray(list)) throw new CommandError(40386, '$arrayToObject requires an array input')
  const entries = list.map((item): [string, unknown] => {
    const [key, value] = isDoc(item) ? [item.k, item.v] : Array.isArray(item) ? item : []
    if (typeof key !== 'string')
      throw new CommandError(40392, '$arrayToObject requires keys that are strings')
    return [key, value]
  })
  return Object.fromEntries(entries)
}

/** Operators on lists in which mingo differs from MongoDB. */
export const listOperators: Record<`$${string}`, ExpressionOperator> = {
  $in: operator((operand, evaluate) => {
    const [item, list] = pair(operand, evaluate)
    if (!Array.isArray(list)) throw new CommandError(40081, '$in requires an array as a second argument')
    return list.some((element) => isEqual(element, item))
  }),
  $indexOfArray: operator((operand, evaluate) => {
    const [list, item] = pair(operand, evaluate)
    if (isNil(list)) return null
    if (!Array.isArray(list))
      throw new CommandError(40090, '$indexOfArray requires an array as a first argument')
    return list.findIndex((element) => isEqual(element, item))
  }),
  $size: operator((operand, evaluate) => {
    const list = single(operand, evaluate)
    if (!Array.isArray(list)) {
      throw new CommandError(17124, `The argument to $size must be an array`)
    }
    return list.length
  }),
  $first: elementAt('$first', 0),
  $last: elementAt('$last', -1),
  $slice: operator(slice),
  $arrayToObject: operator(arrayToObject),
  $setUnion: setOperator('$setUnion', (sets) => [...new Map(sets.flatMap((set) => [...set])).values()]),
  $setIntersection: setOperator('$setIntersection', ([first = new Map(), ...rest]) =>
    [...first].flatMap(([key, value]) => (rest.every((set) => set.has(key)) ? [value] : [])),
  ),
  $setDifference: setOperator('$setDifference', ([first = new Map(), second]) =>
    [...first].flatMap(([key, value]) => (second?.has(key) ? [] : [value])),
  ),
  $setIsSubset: setOperator('$setIsSubset', ([first = new Map(), second]) =>
    [...first.keys()].every((key) => second?.has(key)),
  ),
  $setEquals: setOperator('$setEquals', ([first = new Map(), ...rest]) =>
    rest.every((set) => set.size === first.size && [...set.keys()].every((key) => first.has(key))),
  ),
}
