import { badValue, CommandError, typeMismatch, unknownName } from '../errors.ts'
import { compileElement, compileFilter, isOperatorDoc } from '../query/match.ts'
import type { Predicate } from '../query/predicates.ts'
import { compare, encode, isEqual } from '../values/order.ts'
import { isDoc } from '../values/types.ts'
import type { Draft } from './draft.ts'

/** Applies one operator to one concrete path. */
export type Change = (draft: Draft, path: readonly string[]) => void

/** Sets unless the very same value (type and order of fields included) is there: then nothing is modified. */
const set =
  (value: unknown): Change =>
  (draft, path) => {
    const current = draft.get(path)
    if (current === undefined || !isEqual(current, value)) draft.set(path, value)
  }

function increase(operand: unknown): Change {
  if (typeof operand !== 'number')
    throw typeMismatch(`Cannot increment with non-numeric argument: ${JSON.stringify(operand)}`)
  return (draft, path) => {
    const current = draft.get(path)
    if (current !== undefined && typeof current !== 'number')
      throw typeMismatch(`Cannot apply $inc to a value of non-numeric type, in the field '${path.join('.')}'`)
    set((current ?? 0) + operand)(draft, path)
  }
}

const extreme =
  (direction: 1 | -1) =>
  (operand: unknown): Change =>
  (draft, path) => {
    const current = draft.get(path)
    if (current === undefined || compare(operand, current) * direction > 0) draft.set(path, operand)
  }

function currentDate(operand: unknown): Change {
  if (operand !== true && !(isDoc(operand) && operand.$type === 'date'))
    throw badValue("$currentDate takes true or {$type: 'date'}")
  return (draft, path) => set(new Date())(draft, path)
}

/** The list at a path; undefined when it is missing, and refused when it is anything else. */
function listAt(draft: Draft, path: readonly string[], operator: string): unknown[] | undefined {
  const value = draft.get(path)
  if (value === undefined || Array.isArray(value)) return value
  throw badValue(`The field '${path.join('.')}' must be an array for ${operator}`)
}

function eachOf(operand: unknown, operator: string, code: number): unknown[] {
  if (!isDoc(operand) || !('$each' in operand)) return [operand]
  const { $each, ...others } = operand
  const [unknown] = Object.keys(others)
  if (unknown) throw badValue(`Unrecognized clause in ${operator}: ${unknown}`)
  if (Array.isArray($each)) return $each
  throw new CommandError(code, `The argument to $each in ${operator} must be an array`)
}

function push(operand: unknown): Change {
  const added = eachOf(operand, '$push', 2)
  return (draft, path) => {
    const list = listAt(draft, path, '$push')
    if (!list || added.length > 0) draft.set(path, [...(list ?? []), ...added])
  }
}

function addToSet(operand: unknown): Change {
  const added = eachOf(operand, '$addToSet', 14)
  return (draft, path) => {
    const list = listAt(draft, path, '$addToSet')
    const known = new Set(list?.map(encode))
    const fresh = added.filter((value) => known.size < known.add(encode(value)).size)
    if (!list || fresh.length > 0) draft.set(path, [...(list ?? []), ...fresh])
  }
}

/** Removes what equals a value, or satisfies a condition: of operators on the element, or on its fields. */
function pull(operand: unknown): Change {
  const test = pullTest(operand)
  return (draft, path) => {
    const list = listAt(draft, path, '$pull')
    const rest = list?.filter((element) => !test(element))
    if (list && rest && rest.length < list.length) draft.set(path, rest)
  }
}

function pullTest(operand: unknown): Predicate {
  if (isOperatorDoc(operand)) return compileElement(operand)
  const code = encode(operand)
  if (!isDoc(operand)) return (element) => encode(element) === code
  const test = compileFilter(operand)
  return (element) => isDoc(element) && test(element)
}

/** The update operators: each makes a change from the operand of one path, and refuses a wrong operand at once. */
const OPERATORS: ReadonlyMap<string, (operand: unknown) => Change> = new Map([
  ['$set', set],
  ['$setOnInsert', set],
  ['$inc', increase],
  ['$min', extreme(-1)],
  ['$max', extreme(1)],
  ['$currentDate', currentDate],
  ['$push', push],
  ['$addToSet', addToSet],
  ['$pull', pull],
])

/** What an operator does, by its operand; an unknown operator is refused (9). */
export function operatorNamed(name: string): (operand: unknown) => Change {
  const make = OPERATORS.get(name)
  if (!make) throw unknownName(9, `The update operator ${name}`)
  return make
}
