import { badValue, CommandError, failedToParse, notImplemented } from '../errors.ts'
import { compileFilter, type Matcher } from '../query/match.ts'
import { valueAt } from '../values/path.ts'
import { type Doc, isDoc } from '../values/types.ts'

/** Tests of array elements by the names that paths use them under, as `$[name]`. */
export type ArrayFilters = ReadonlyMap<string, Matcher>

/** Reads `arrayFilters`: each names one identifier, which a path of the update must use. */
export function parseArrayFilters(filters: unknown, paths: readonly string[]): ArrayFilters {
  const tests = new Map<string, Matcher>()
  if (filters === undefined) return tests
  if (!Array.isArray(filters) || !filters.every(isDoc))
    throw new CommandError(14, 'arrayFilters must be an array of objects')
  for (const filter of filters) {
    const [name, another] = new Set(identifiersOf(filter))
    if (!name || another)
      throw failedToParse('Error parsing array filter :: caused by :: Expected a single top-level field name')
    if (tests.has(name))
      throw failedToParse(`Found multiple array filters with the same top-level field name ${name}`)
    if (!paths.some((path) => path.includes(`$[${name}]`)))
      throw failedToParse(`The array filter for identifier '${name}' was not used in the update`)
    tests.set(name, compileFilter(filter))
  }
  return tests
}

function identifiersOf(filter: Doc): string[] {
  return Object.entries(filter).flatMap(([field, value]) =>
    field.startsWith('$') && Array.isArray(value)
      ? value.filter(isDoc).flatMap(identifiersOf)
      : [field.split('.')[0] ?? ''],
  )
}

const IDENTIFIER = /^\$\[(\w*)\]$/

/** Refuses a path that no document can have: an empty name in it (56), a name that begins with `$` (52). */
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

/** The concrete paths an update path stands for in a document: `$[]` and `$[identifier]` become positions. */
export function expandPath(doc: Doc, path: string, filters: ArrayFilters): string[][] {
  return path
    .split('.')
    .reduce<string[][]>((heads, part) => heads.flatMap((head) => expandPart(doc, head, part, filters)), [[]])
}

function expandPart(doc: Doc, head: string[], part: string, filters: ArrayFilters): string[][] {
  const identifier = IDENTIFIER.exec(part)?.[1]
  if (identifier === undefined) return [[...head, part]]
  const path = [...head, part].join('.')
  const list = valueAt(doc, head)
  if (!Array.isArray(list)) throw badValue(`There is no array in the document to apply '${path}' to`)
  const test: Matcher | undefined = identifier === '' ? () => true : filters.get(identifier)
  if (!test) throw badValue(`No array filter found for identifier '${identifier}' in path '${path}'`)
  return list.flatMap((element, position) =>
    test({ [identifier]: element }) ? [[...head, String(position)]] : [],
  )
}
