import { badValue, CommandError, typeMismatch, unknownName } from '../errors.ts'
import { compileElement, compileFilter, isOperatorDoc } from '../query/match.ts'
import type { Predicate } from '../query/predicates.ts'
import { compare, encode, isEqual } from '../values/order.ts'
import { isDoc } from '../values/types.ts'
import { type Change, unset } from './paths.ts'

/** Keeps an equal value (same type and order of fields), so that the document counts as not modified. */
const set =
  (value: unknown): Change =>
  (current) =>
    current !== undefined && isEqual(current, value) ? current : value

function increment(operand: unknown): Change {
  if (typeof operand !== 'number')
    throw typeMismatch(`Cannot increment with non-numeric argument: ${JSON.stringify(operand)}`)
  return (current) => {
    if (current === undefined) return operand
    if (typeof current === 'number') return current + operand
    throw typeMismatch(`Cannot apply $inc to a value of non-numeric type: ${JSON.stringify(current)}`)
  }
}

const max =
  (operand: unknown): Change =>
  (current) =>
    current === undefined || compare(operand, current) > 0 ? operand : current

function currentDate(operand: unknown): Change {
  if (operand !== true && !(isDoc(operand) && operand.$type === 'date'))
    throw badValue("$currentDate takes true or {$type: 'date'}")
  return (current) => set(new Date())(current)
}

/** Makes a change of an array, or of a missing value. Refuses a value of another type. */
const ofList =
  (operator: string, change: (list: unknown[] | undefined) => unknown[] | undefined): Change =>
  (current) => {
    if (current === undefined || Array.isArray(current)) return change(current)
    throw badValue(`${operator} needs an array, not ${JSON.stringify(current)}`)
  }

function eachOf(operand: unknown, operator: string, code: number, clauses: string[] = []): unknown[] {
  if (!isDoc(operand) || !('$each' in operand)) return [operand]
  const { $each, ...all } = operand
  const others = Object.fromEntries(Object.entries(all).filter(([name]) => !clauses.includes(name)))
  const [unknown] = Object.keys(others)
  if (unknown) throw badValue(`Unrecognized clause in ${operator}: ${unknown}`)
  if (Array.isArray($each)) return $each
  throw new CommandError(code, `The argument to $each in ${operator} must be an array`)
}

const appended = (list: unknown[] | undefined, added: unknown[]) =>
  list && added.length === 0 ? list : [...(list ?? []), ...added]

function push(operand: unknown): Change {
  const added = eachOf(operand, '$push', 2, ['$slice'])
  const kept = isDoc(operand) && '$each' in operand && '$slice' in operand ? operand.$slice : undefined
  if (kept === undefined) return ofList('$push', (list) => appended(list, added))
  if (!Number.isInteger(kept)) throw badValue('The value for $slice must be an integer value')
  // a negative number keeps the last elements
  const [from, to] = Number(kept) < 0 ? [Number(kept)] : [0, Number(kept)]
  return ofList('$push', (list) => appended(list, added).slice(from, to))
}

function addToSet(operand: unknown): Change {
  const added = eachOf(operand, '$addToSet', 14)
  return ofList('$addToSet', (list) => {
    const known = new Set(list?.map(encode))
    return appended(
      list,
      added.filter((value) => known.size < known.add(encode(value)).size),
    )
  })
}

/** Removes the elements that equal a value, or that match operators or conditions on their fields. */
function pull(operand: unknown): Change {
  const test = pullTest(operand)
  return ofList('$pull', (list) => {
    const rest = list?.filter((element) => !test(element))
    return rest?.length === list?.length ? list : rest
  })
}

function pullTest(operand: unknown): Predicate {
  if (isOperatorDoc(operand)) return compileElement(operand)
  const code = encode(operand)
  if (!isDoc(operand)) return (element) => encode(element) === code
  const test = compileFilter(operand)
  return (element) => isDoc(element) && test(element)
}

/** The update operators. Each checks its operand and returns the change. */
const OPERATORS: ReadonlyMap<string, (operand: unknown) => Change> = new Map([
  ['$set', set],
  ['$setOnInsert', set],
  ['$unset', () => unset],
  ['$inc', increment],
  ['$max', max],
  ['$currentDate', currentDate],
  ['$push', push],
  ['$addToSet', addToSet],
  ['$pull', pull],
])

/**
 * Returns the function that makes a change from an operator's operand.
 *
 * @throws 9 for an unknown operator
 */
export function operatorNamed(name: string): (operand: unknown) => Change {
  const make = OPERATORS.get(name)
  if (!make) throw unknownName(9, `The update operator ${name}`)
  return make
}
