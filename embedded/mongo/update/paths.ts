import { badValue, CommandError, failedToParse } from '../errors.ts'
import { compileElement } from '../query/match.ts'
import type { Predicate } from '../query/predicates.ts'
import { valueAt } from '../values/path.ts'
import { type Doc, isDoc } from '../values/types.ts'

/** Finds the element a positional `$` stands for; the path is that of the list. */
export type Positional = (list: string) => number | undefined

/** Reads `arrayFilters`: each names one identifier, used as `$[identifier]` in the paths of the update. */
export function parseArrayFilters(filters: unknown, paths: readonly string[]): Map<string, Predicate> {
  const tests = new Map<string, Predicate>()
  if (filters === undefined) return tests
  if (!Array.isArray(filters)) throw new CommandError(14, 'arrayFilters must be an array')
  for (const filter of filters) {
    if (!isDoc(filter)) throw new CommandError(14, 'arrayFilters must be objects')
    const names = new Set(identifiersOf(filter))
    const [name] = names
    if (!name || names.size > 1)
      throw failedToParse('Error parsing array filter :: caused by :: Expected a single top-level field name')
    if (tests.has(name))
      throw failedToParse(`Found multiple array filters with the same top-level field name ${name}`)
    if (!paths.some((path) => path.includes(`$[${name}]`))) {
      throw failedToParse(`The array filter for identifier '${name}' was not used in the update`)
    }
    const test = compileElement(prefixed(filter), {})
    tests.set(name, (element) => test({ [name]: element }))
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

/** The element is tested as the document `{identifier: element}`, so the filter applies as it stands. */
const prefixed = (filter: Doc): Doc => ({ $and: [filter] })

/** The concrete paths an update path stands for in a document: `$`, `$[]` and `$[identifier]` become positions. */
export function expandPath(
  doc: Doc,
  path: string,
  filters: Map<string, Predicate>,
  positional: Positional,
): string[][] {
  if (!path.includes('$')) return [path.split('.')]
  let paths: string[][] = [[]]
  for (const part of path.split('.')) {
    paths = paths.flatMap((head) =>
      expandPart(doc, head, part, filters, positional).map((next) => [...head, next]),
    )
  }
  return paths
}

function expandPart(
  doc: Doc,
  head: string[],
  part: string,
  filters: Map<string, Predicate>,
  positional: Positional,
): string[] {
  if (!part.startsWith('$')) return [part]
  if (part === '$') {
    const position = positional(head.join('.'))
    if (position === undefined)
      throw badValue('The positional operator did not find the match needed from the query.')
    return [String(position)]
  }
  const identifier = /^\$\[(\w*)\]$/.exec(part)?.[1]
  if (identifier === undefined) {
    throw new CommandError(
      52,
      `The dollar ($) prefixed field '${part}' in '${[...head, part].join('.')}' is not valid for storage.`,
    )
  }
  const list = valueAt(doc, head)
  if (list === undefined)
    throw badValue(`The path '${head.join('.')}' must exist in the document in order to apply array updates.`)
  if (!Array.isArray(list))
    throw badValue(
      `Cannot apply array updates to non-array element ${head.join('.')}: ${JSON.stringify(list)}`,
    )
  const test = identifier === '' ? () => true : filters.get(identifier)
  if (!test)
    throw badValue(
      `No array filter found for identifier '${identifier}' in path '${[...head, part].join('.')}'`,
    )
  return list.flatMap((element, position) => (test(element) ? [String(position)] : []))
}
