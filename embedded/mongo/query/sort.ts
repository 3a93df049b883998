import { badValue, CommandError } from '../errors.ts'
import { compare } from '../values/order.ts'
import { reach } from '../values/path.ts'
import { type Doc, isDoc } from '../values/types.ts'
import { SCORE, type Scored } from './score.ts'

/** One field of a sort; `score` sorts by text score, greatest first. */
export type SortField = { path: string; direction: 1 | -1; score?: boolean }

/** Reads a sort specification; refuses directions other than 1, -1 and `{$meta: 'textScore'}`. */
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

/** The value a document is sorted by: the least element of an array going up, the greatest going down. */
function keyReader({ path, direction, score }: SortField): (doc: Doc) => unknown {
  if (score) {
    return (doc) => {
      const value = (doc as Scored)[SCORE]
      if (value === undefined) {
        throw new CommandError(40218, 'query requires text score metadata, but it is not available')
      }
      return value
    }
  }
  const parts = path.split('.')
  return (doc) => {
    let key: unknown
    let found = false
    const offer = (value: unknown) => {
      if (!found || compare(value, key) * direction < 0) key = value
      found = true
    }
    reach(doc, parts, 0, (value) => {
      if (!Array.isArray(value)) offer(value ?? null)
      else if (value.length === 0) offer(undefined)
      else for (const element of value) offer(element ?? null)
      return false
    })
    return found ? key : null
  }
}

/** Sorts documents, stably; with a limit only the first ones are kept in order on the way. */
export function sortDocs(docs: Iterable<Doc>, fields: SortField[], limit = Number.POSITIVE_INFINITY): Doc[] {
  const readers = fields.map(keyReader)
  const order = (a: Entry, b: Entry) => {
    for (const [i, { direction }] of fields.entries()) {
      const difference = compare(a.keys[i], b.keys[i])
      if (difference !== 0) return difference * direction
    }
    return 0
  }
  const entries: Entry[] = []
  for (const doc of docs) {
    const entry = { doc, keys: readers.map((read) => read(doc)) }
    if (limit > MOST_KEPT_IN_ORDER) entries.push(entry)
    else keepFirst(entries, entry, limit, order)
  }
  if (limit > MOST_KEPT_IN_ORDER) entries.sort(order)
  return entries.map(({ doc }) => doc)
}

const MOST_KEPT_IN_ORDER = 1000
type Entry = { doc: Doc; keys: unknown[] }

function keepFirst(entries: Entry[], entry: Entry, limit: number, order: (a: Entry, b: Entry) => number) {
  const last = entries.at(-1)
  if (entries.length >= limit && last && order(entry, last) >= 0) return
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const other = entries[middle]
    if (other && order(entry, other) < 0) high = middle
    else low = middle + 1
  }
  entries.splice(low, 0, entry)
  if (entries.length > limit) entries.pop()
}
