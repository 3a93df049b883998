import { CommandError } from '../errors.ts'
import { valueAt } from '../values/path.ts'
import type { Doc } from '../values/types.ts'
import { compileElement } from './match.ts'
import { positionOf } from './position.ts'

/** What remains of a field that is an array; `undefined` removes it. */
export type ArrayProjection = (value: unknown, doc: Doc) => unknown

/** `$slice` and `$elemMatch` of `find`; undefined for every other operator. */
export function arrayProjection(path: string, value: Doc): ArrayProjection | undefined {
  if ('$slice' in value) return isSliceOfFind(value.$slice) ? slice(value.$slice) : undefined
  if (!('$elemMatch' in value)) return undefined
  if (path.includes('.')) throw new CommandError(31275, 'Cannot use $elemMatch projection on a nested field.')
  const test = compileElement(value.$elemMatch, {})
  return (value) => {
    const found = Array.isArray(value) ? value.findIndex((element) => test(element)) : -1
    return Array.isArray(value) && found >= 0 ? [value[found]] : undefined
  }
}

const isSliceOfFind = (operand: unknown): operand is number | [number, number] =>
  typeof operand === 'number' ||
  (Array.isArray(operand) && operand.length === 2 && operand.every((n) => typeof n === 'number'))

function slice(operand: number | [number, number]): ArrayProjection {
  if (typeof operand === 'number') {
    return (value) => {
      if (!Array.isArray(value)) return value
      return operand < 0 ? value.slice(operand) : value.slice(0, operand)
    }
  }
  const [skip, limit] = operand
  if (limit <= 0) throw new CommandError(28724, '$slice limit must be positive')
  return (value) => {
    if (!Array.isArray(value)) return value
    const start = skip < 0 ? Math.max(0, value.length + skip) : skip
    return value.slice(start, start + limit)
  }
}

/** `{'list.$': 1}`: the first element that satisfies the filter's condition on the list. */
export function positional(path: string, filter: Doc): ArrayProjection {
  const find = positionOf(filter, path)
  return (_value, doc) => {
    const position = find?.(doc)
    const original = valueAt(doc, path.split('.'))
    if (position === undefined || !Array.isArray(original)) {
      throw new CommandError(
        51246,
        "Executor error during find command :: caused by :: positional operator '.$' couldn't find a matching element in the array",
      )
    }
    return [original[position]]
  }
}
