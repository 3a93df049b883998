import { badValue, CommandError, failedToParse, notImplemented, pathNotViable } from '../errors.ts'
import { compileFilter, type Matcher } from '../query/match.ts'
import { isPosition } from '../values/path.ts'
import { isDoc, own } from '../values/types.ts'

const IDENTIFIER = /^\$\[(\w*)\]$/

/** Tests of array elements by their placeholder in a path: `$[name]`, or `$[]` for all elements. */
type ArrayFilters = ReadonlyMap<string, Matcher>

/** Reads `arrayFilters`. Each filter has one identifier, which a path of the update must use. */
export function parseArrayFilters(filters: unknown, paths: readonly string[]): ArrayFilters {
  const tests = new Map<string, Matcher>([['$[]', () => true]])
  if (filters === undefined) return tests
  if (!Array.isArray(filters) || !filters.every(isDoc))
    throw new CommandError(14, 'arrayFilters must be an array of objects')
  for (const filter of filters) {
    const [name = '', another] = new Set(Object.keys(filter).map((field) => field.split('.')[0] ?? ''))
    if (name.startsWith('$')) throw notImplemented(`${name} in arrayFilters`)
    if (!name || another !== undefined)
      throw failedToParse('An array filter must have exactly one identifier')
    if (tests.has(`$[${name}]`)) throw failedToParse(`Found multiple array filters for ${name}`)
    if (!paths.some((path) => path.split('.').includes(`$[${name}]`)))
      throw failedToParse(`The array filter for identifier '${name}' was not used in the update`)
    const test = compileFilter(filter)
    tests.set(`$[${name}]`, (element) => test({ [name]: element }))
  }
  return tests
}

/**
 * Checks the path of an update.
 *
 * @throws 56 for an empty field name
 * @throws 52 for a field name that begins with `$`
 */
export function checkPath(path: string): void {
  const parts = path.split('.')
  if (parts.includes(''))
    throw new CommandError(56, `The update path '${path}' contains an empty field name.`)
  if (parts.includes('$')) throw notImplemented(`The positional operator of ${path}`)
  const odd = parts.find((part) => part.startsWith('$') && !IDENTIFIER.test(part))
  if (odd !== undefined)
    throw new CommandError(
      52,
      `The dollar ($) prefixed field '${odd}' in '${path}' is not valid for storage.`,
    )
}

/** Returns the new value for a current one, or the identical value if nothing changes. `undefined` is a missing value. */
export type Change = (current: unknown) => unknown

/** Removes a field. An array element becomes null, so that the positions of the others do not change. */
export const unset: Change = () => undefined

/**
 * Returns a copy of a value with a change at a path. Copies only the containers on the path and creates missing ones.
 * Everything else is shared: documents are immutable, and indexes skip identical values.
 *
 * @throws 28 for a path through a scalar, or a field name in an array, unless the change only removes the field
 */
export function changeAt(
  value: unknown,
  [part, ...rest]: readonly string[],
  change: Change,
  filters: ArrayFilters,
): unknown {
  if (part === undefined) return change(value)
  const inner = (current: unknown) => changeAt(current, rest, change, filters)
  if (IDENTIFIER.test(part)) return changeElements(value, part, inner, filters)
  const isContainer = value === undefined || isDoc(value) || (Array.isArray(value) && isPosition(part))
  if (change === unset && !isContainer) return value
  if (Array.isArray(value)) return changeElement(value, part, inner)
  if ((value !== undefined && !isDoc(value)) || part === '__proto__')
    throw pathNotViable(`Cannot create field '${part}' in element ${JSON.stringify(value)}`)
  const before = value && own(value, part)
  const after = inner(before)
  if (after === before) return value
  if (after !== undefined) return { ...value, [part]: after }
  const { [part]: _removed, ...others } = value ?? {}
  return others
}

function changeElements(value: unknown, part: string, change: Change, filters: ArrayFilters): unknown {
  const test = filters.get(part)
  if (!test) throw badValue(`No array filter found for identifier '${part}'`)
  if (!Array.isArray(value)) throw badValue(`There is no array in the document to apply '${part}' to`)
  const changed = value.map((element) => (test(element) ? orNull(change(element)) : element))
  return changed.some((element, i) => element !== value[i]) ? changed : value
}

const orNull = (value: unknown) => (value === undefined ? null : value)

function changeElement(list: unknown[], part: string, change: Change): unknown[] {
  const position = Number(part)
  if (!isPosition(part)) throw pathNotViable(`Cannot create field '${part}' in an array`)
  if (position > list.length) throw notImplemented('Setting an element beyond the end of an array')
  const after = change(list[position])
  if (after === list[position]) return list
  return list.toSpliced(position, 1, orNull(after))
}
