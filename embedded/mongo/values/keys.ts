import { CommandError } from '../errors.ts'
import { encode } from './order.ts'
import { isPosition } from './path.ts'
import { type Doc, isDoc, own } from './types.ts'

/** The encoded values of one index entry, in the order of the index's fields. */
export type Key = readonly string[]

export interface Keys {
  keys: Key[]
  /** Positions of the fields whose path contains an array: the index is multikey in them. */
  multikey: ReadonlySet<number>
  /** False if every indexed field is missing. A sparse index excludes such a document. */
  present: boolean
}

const MISSING = encode(null)
const EMPTY_ARRAY = encode(undefined)
const NO_FIELDS: ReadonlySet<number> = new Set()

/** Returns the keys of a document in an index; one for each element of an array. */
export function keysOf(doc: Doc, paths: readonly (readonly string[])[]): Keys {
  const plain = paths.map((path) => walk(doc, path))
  if (!plain.some((end) => end.list)) {
    return {
      keys: [plain.map(({ value }) => (value === undefined ? MISSING : encode(value)))],
      multikey: NO_FIELDS,
      present: plain.some(({ value }) => value !== undefined),
    }
  }
  const multikey = new Set<number>()
  const keys = new Map<string, Key>()
  for (const key of expand(plain, multikey)) keys.set(key.join('\0'), key)
  return { keys: [...keys.values()], multikey, present: true }
}

interface PathEnd {
  value: unknown
  /** The array at which the walk stopped; `rest` is the remaining path. */
  list?: unknown[]
  rest: readonly string[]
}

function walk(start: unknown, path: readonly string[]): PathEnd {
  let value = start
  for (const [i, part] of path.entries()) {
    if (Array.isArray(value) && !isPosition(part)) return { value, list: value, rest: path.slice(i) }
    if (Array.isArray(value)) value = value[Number(part)]
    else value = isDoc(value) ? own(value, part) : undefined
  }
  return Array.isArray(value) ? { value, list: value, rest: [] } : { value, rest: [] }
}

/**
 * Returns one key for each element of the array.
 *
 * @throws 171 for two parallel arrays, as in MongoDB: the keys would be the product of their elements
 */
function expand(ends: readonly PathEnd[], multikey: Set<number>): Key[] {
  const list = ends.find((end) => end.list)?.list
  if (!list) return [ends.map(({ value }) => (value === undefined ? MISSING : encode(value)))]
  for (const [i, end] of ends.entries()) {
    if (end.list && end.list !== list) throw new CommandError(171, 'cannot index parallel arrays')
    if (end.list) multikey.add(i)
  }
  if (list.length === 0) {
    return [
      ends.map(({ value, list: own, rest }) => {
        if (own) return rest.length === 0 ? EMPTY_ARRAY : MISSING
        return value === undefined ? MISSING : encode(value)
      }),
    ]
  }
  return list.flatMap((element) =>
    expand(
      ends.map((end) => (end.list ? step(element, end.rest) : end)),
      multikey,
    ),
  )
}

/** Continues a walk in an array element. A nested array is a single value; its elements are not indexed. */
function step(element: unknown, rest: readonly string[]): PathEnd {
  if (Array.isArray(element)) return { value: rest.length === 0 ? element : undefined, rest: [] }
  return walk(element, rest)
}
