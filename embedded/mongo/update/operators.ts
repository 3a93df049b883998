import { ObjectId, Timestamp } from 'bson'
import { badValue, CommandError, failedToParse, notImplemented, typeMismatch } from '../errors.ts'
import { compare, isEqual } from '../values/order.ts'
import { type Doc, isDoc } from '../values/types.ts'
import { addToSet, pop, pull, pullAll, push } from './arrays.ts'
import type { Draft } from './draft.ts'

/** Applies one operator to one concrete path. */
export type Change = (draft: Draft, path: readonly string[]) => void

/** Sets unless the very same value (type and order of fields included) is there: then nothing is modified. */
export function setIfDifferent(draft: Draft, path: readonly string[], value: unknown): void {
  const current = draft.get(path)
  if (current === undefined || !isEqual(current, value)) draft.set(path, value)
}

function arithmetic(operator: '$inc' | '$mul', operand: unknown): Change {
  if (typeof operand !== 'number') {
    const verb = operator === '$inc' ? 'increment' : 'multiply'
    throw typeMismatch(`Cannot ${verb} with non-numeric argument: ${JSON.stringify(operand)}`)
  }
  return (draft, path) => {
    const current = draft.get(path)
    if (current === undefined) return draft.set(path, operator === '$inc' ? operand : 0)
    if (typeof current !== 'number') {
      throw typeMismatch(
        `Cannot apply ${operator} to a value of non-numeric type. {_id: ${describe(draft.doc._id)}} has the field '${path.at(-1)}' of non-numeric type ${current === null ? 'null' : typeof current}`,
      )
    }
    setIfDifferent(draft, path, operator === '$inc' ? current + operand : current * operand + 0)
  }
}

const describe = (value: unknown) =>
  value instanceof ObjectId ? `ObjectId('${value}')` : JSON.stringify(value)

const extreme =
  (direction: 1 | -1, operand: unknown): Change =>
  (draft, path) => {
    const current = draft.get(path)
    if (current === undefined || compare(operand, current) * direction > 0) draft.set(path, operand)
  }

function currentDate(operand: unknown): Change {
  const type = isDoc(operand) ? operand.$type : operand === true || operand === false ? 'date' : undefined
  if (type !== 'date' && type !== 'timestamp') {
    throw badValue("The '$type' string field is required to be 'date' or 'timestamp'")
  }
  return (draft, path) => {
    const now = Date.now()
    draft.set(path, type === 'date' ? new Date(now) : new Timestamp({ t: Math.floor(now / 1000), i: 1 }))
  }
}

function rename(from: string, operand: unknown): Change {
  if (typeof operand !== 'string')
    throw badValue(`The 'to' field for $rename must be a string: ${from}: ${String(operand)}`)
  if (from === operand)
    throw badValue(`The source and target field for $rename must differ: ${from}: "${from}"`)
  if (`${from}.${operand}`.includes('$'))
    throw badValue('The source and target of $rename may not be dynamic')
  const target = operand.split('.')
  return (draft, path) => {
    const value = draft.get(path)
    if (value === undefined) return
    for (const parts of [path, target]) {
      const inArray = parts.some((_, i) => i > 0 && Array.isArray(draft.get(parts.slice(0, i))))
      if (inArray) throw badValue(`The field '${parts.join('.')}' of $rename is in an array`)
    }
    draft.unset(path)
    draft.set(target, value)
  }
}

const always =
  (change: (operand: unknown) => Change) =>
  (_path: string, operand: unknown): Change =>
    change(operand)

/** The update operators: each makes a change from the operand of one path, and refuses a wrong operand at once. */
const OPERATORS: Record<string, (path: string, operand: unknown) => Change> = {
  $set: always((operand) => (draft, path) => setIfDifferent(draft, path, operand)),
  $setOnInsert: always((operand) => (draft, path) => setIfDifferent(draft, path, operand)),
  $unset: always(() => (draft, path) => draft.unset(path)),
  $inc: always((operand) => arithmetic('$inc', operand)),
  $mul: always((operand) => arithmetic('$mul', operand)),
  $min: always((operand) => extreme(-1, operand)),
  $max: always((operand) => extreme(1, operand)),
  $currentDate: always(currentDate),
  $rename: rename,
  $push: always(push),
  $addToSet: always(addToSet),
  $pull: always(pull),
  $pullAll: always(pullAll),
  $pop: always(pop),
}

/** The change an operator makes at a path. Refused: an unknown operator (9), a field name that cannot be stored (52). */
export function changeOf(operator: string, path: string, operand: unknown): Change {
  const make = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined
  if (operator === '$bit') throw notImplemented('$bit')
  if (!make) {
    throw failedToParse(
      `Unknown modifier: ${operator}. Expected a valid update modifier or pipeline-style update specified as an array`,
    )
  }
  if (path === '') throw new CommandError(56, 'An empty update path is not valid.')
  if (path.split('.').includes('')) {
    throw new CommandError(
      56,
      `The update path '${path}' contains an empty field name, which is not allowed.`,
    )
  }
  return make(path, operand)
}

/** Field paths an operator writes to, for finding conflicts. */
export const pathsOf = (operator: string, fields: Doc): string[] =>
  operator === '$rename'
    ? Object.entries(fields).flatMap(([from, to]) => [from, String(to)])
    : Object.keys(fields)
