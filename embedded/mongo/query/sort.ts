import { badValue, CommandError } from '../errors.ts'
import { keysOf } from '../values/keys.ts'
import { encode } from '../values/order.ts'
import { type Doc, isDoc, own } from '../values/types.ts'
import { scoreOf } from './score.ts'

/** One field of a sort. `score` sorts by text score, descending. */
export type SortField = { path: string; direction: 1 | -1; score?: boolean }

/**
 * Reads a sort specification.
 *
 * @throws 15975 for a direction other than 1, -1 and `{$meta: 'textScore'}`
 */
export function parseSort(spec: unknown): SortField[] {
  if (spec === undefined || spec === null) return []
  if (!isDoc(spec)) throw new CommandError(15973, 'the sort key specification must be an object')
  return Object.entries(spec).map(([path, direction]) => {
    if (isDoc(direction) && direction.$meta === 'textScore') return { path, direction: -1, score: true }
    if (direction !== 1 && direction !== -1) {
      throw new CommandError(15975, '$sort key ordering must be 1 (for ascending) or -1 (for descending)')
    }
    if (path === '' || path.startsWith('$')) throw badValue(`Illegal key in sort: ${path}`)
    return { path, direction }
  })
}

/** Returns a function that reads the sort key of a document: for an array the least element, or the greatest if descending. */
function keyReader({ path, direction, score }: SortField): (doc: Doc) => string | number {
  if (score) return scoreOf
  const paths = [path.split('.')]
  const isField = !path.includes('.')
  return (doc) => {
    const value = isField ? own(doc, path) : undefined
    if (isField && !Array.isArray(value)) return encode(value ?? null)
    const codes = keysOf(doc, paths).keys.flat()
    return codes.reduce((first, code) => (code < first === (direction === 1) ? code : first))
  }
}

/** Longest result that is kept sorted while documents are read. Of a longer one, all documents are sorted. */
const MAX_KEPT = 1000

/** The values of a document in the fields of a sort. */
export type SortKeys = readonly (string | number)[]

interface Entry {
  doc: Doc
  keys: SortKeys
}

/** Returns a function that reads the sort keys of a document, and one that compares them. */
export function comparison(fields: readonly SortField[]) {
  const readers = fields.map(keyReader)
  const directions = fields.map(({ direction }) => direction)
  return {
    keysOfDoc: (doc: Doc): SortKeys => readers.map((read) => read(doc)),
    compareKeys(a: SortKeys, b: SortKeys): number {
      for (let i = 0; i < directions.length; i += 1) {
        const left = a[i] ?? ''
        const right = b[i] ?? ''
        if (left !== right) return left < right === (directions[i] === 1) ? -1 : 1
      }
      return 0
    },
  }
}

/** Sorts documents and returns the first `limit` of them. The sort is stable. */
export function sortDocs(
  docs: Iterable<Doc>,
  fields: readonly SortField[],
  limit = Number.POSITIVE_INFINITY,
): Doc[] {
  const { keysOfDoc, compareKeys } = comparison(fields)
  const compare = (a: Entry, b: Entry) => compareKeys(a.keys, b.keys)
  const entryOf = (doc: Doc): Entry => ({ doc, keys: keysOfDoc(doc) })
  const entries =
    limit <= MAX_KEPT ? firstOf(docs, entryOf, compare, limit) : Array.from(docs, entryOf).sort(compare)
  return entries.slice(0, limit).map(({ doc }) => doc)
}

/** Returns the first `limit` entries in order, without keeping the others. */
function firstOf(
  docs: Iterable<Doc>,
  entryOf: (doc: Doc) => Entry,
  compare: (a: Entry, b: Entry) => number,
  limit: number,
): Entry[] {
  const kept: Entry[] = []
  for (const doc of docs) {
    const entry = entryOf(doc)
    const last = kept.at(-1)
    if (kept.length >= limit && (!last || compare(entry, last) >= 0)) continue
    insertSorted(kept, entry, compare)
    if (kept.length > limit) kept.pop()
  }
  return kept
}

/** Inserts an item into a sorted list, after equal ones. */
export function insertSorted<T>(sorted: T[], item: T, compare: (a: T, b: T) => number): void {
  let low = 0
  for (let high = sorted.length; low < high; ) {
    const middle = (low + high) >>> 1
    if (compare(sorted[middle] as T, item) <= 0) low = middle + 1
    else high = middle
  }
  sorted.splice(low, 0, item)
}
