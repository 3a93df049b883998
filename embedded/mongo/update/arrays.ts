import { badValue, CommandError, failedToParse } from '../errors.ts'
import { compileElement, compileFilter, isOperatorDoc } from '../query/match.ts'
import { equalTo, type Predicate } from '../query/predicates.ts'
import { parseSort, sortDocs } from '../query/sort.ts'
import { compare, isEqual } from '../values/order.ts'
import { type Doc, isDoc, isRegex } from '../values/types.ts'
import type { Draft } from './draft.ts'
import type { Change } from './operators.ts'

/** The list at a path, `[]` when it is missing; anything else than a list is refused. */
function listAt(draft: Draft, path: readonly string[], operator: string): unknown[] {
  const value = draft.get(path)
  if (value === undefined) return []
  if (Array.isArray(value)) return value
  throw badValue(
    `The field '${path.join('.')}' must be an array but is of type ${value === null ? 'null' : typeof value} (${operator})`,
  )
}

const eachOf = (operand: unknown, operator: string): unknown[] => {
  if (!isDoc(operand) || !('$each' in operand)) return [operand]
  if (Array.isArray(operand.$each)) return operand.$each
  throw new CommandError(
    operator === '$push' ? 2 : 14,
    `The argument to $each in ${operator} must be an array`,
  )
}

export function push(operand: unknown): Change {
  const added = eachOf(operand, '$push')
  const modifiers: Doc = isDoc(operand) && '$each' in operand ? operand : {}
  const unknown = Object.keys(modifiers).find(
    (name) => !['$each', '$slice', '$position', '$sort'].includes(name),
  )
  if (unknown) throw badValue(`Unrecognized clause in $push: ${unknown}`)
  const position = integer(modifiers.$position, '$position')
  const keep = integer(modifiers.$slice, '$slice')
  const order = '$sort' in modifiers ? sorter(modifiers.$sort) : undefined
  return (draft, path) => {
    const list = listAt(draft, path, '$push')
    const at =
      position === undefined ? list.length : position < 0 ? Math.max(0, list.length + position) : position
    let result = [...list.slice(0, at), ...added, ...list.slice(at)]
    if (order) result = order(result)
    if (keep !== undefined) result = keep < 0 ? result.slice(keep) : result.slice(0, keep)
    if (draft.get(path) === undefined || !isEqual(result, list)) draft.set(path, result)
  }
}

function integer(value: unknown, name: string): number | undefined {
  if (value === undefined || Number.isInteger(value)) return value as number | undefined
  throw badValue(`The value for ${name} must be an integer value`)
}

function sorter(spec: unknown): (list: unknown[]) => unknown[] {
  if (spec === 1 || spec === -1) return (list) => list.toSorted((a, b) => compare(a, b) * spec)
  if (!isDoc(spec))
    throw badValue(
      'The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields',
    )
  const fields = parseSort(spec).map((field) => ({ ...field, path: `element.${field.path}` }))
  return (list) =>
    sortDocs(
      list.map((element) => ({ element })),
      fields,
    ).map(({ element }) => element)
}

export function addToSet(operand: unknown): Change {
  const added = eachOf(operand, '$addToSet')
  return (draft, path) => {
    const list = listAt(draft, path, '$addToSet')
    const result = [...list]
    for (const value of added) if (!result.some((element) => isEqual(element, value))) result.push(value)
    if (result.length > list.length || draft.get(path) === undefined) draft.set(path, result)
  }
}

function without(draft: Draft, path: readonly string[], operator: string, test: Predicate): void {
  const current = draft.get(path)
  if (current === undefined) return
  if (!Array.isArray(current)) throw badValue(`Cannot apply ${operator} to a non-array value`)
  const rest = current.filter((element) => !test(element))
  if (rest.length < current.length) draft.set(path, rest)
}

/** Removes what equals a value, or satisfies a condition: of operators on the element, or on its fields. */
export function pull(operand: unknown): Change {
  const test = pullTest(operand)
  return (draft, path) => without(draft, path, '$pull', test)
}

function pullTest(operand: unknown): Predicate {
  if (isOperatorDoc(operand)) return compileElement(operand, {})
  if (isRegex(operand)) return equalTo(operand)
  if (!isDoc(operand)) return (element) => element !== undefined && isEqual(element, operand)
  const test = compileFilter(operand)
  return (element) => isDoc(element) && test(element)
}

export function pullAll(operand: unknown): Change {
  if (!Array.isArray(operand)) throw badValue('$pullAll requires an array argument')
  return (draft, path) =>
    without(draft, path, '$pullAll', (element) => operand.some((value) => isEqual(element, value)))
}

export function pop(operand: unknown): Change {
  if (operand !== 1 && operand !== -1) throw failedToParse(`$pop expects 1 or -1, found: ${String(operand)}`)
  return (draft, path) => {
    const list = draft.get(path)
    if (list === undefined) return
    if (!Array.isArray(list))
      throw new CommandError(14, `Path '${path.join('.')}' contains an element of non-array type`)
    if (list.length > 0) draft.set(path, operand === 1 ? list.slice(0, -1) : list.slice(1))
  }
}
