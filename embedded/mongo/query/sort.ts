import { badValue, CommandError } from '../errors.ts'
import { keysOf } from '../values/keys.ts'
import { type Doc, isDoc } from '../values/types.ts'
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
  return (doc) => {
    const codes = keysOf(doc, paths).keys.flat()
    return codes.reduce((first, code) => (code < first === (direction === 1) ? code : first))
  }
}

/** Sorts documents. The sort is stable. */
export function sortDocs(docs: Iterable<Doc>, fields: readonly SortField[]): Doc[] {
  const readers = fields.map(keyReader)
  const directions = fields.map(({ direction }) => direction)
  const entries = Array.from(docs, (doc) => ({ doc, keys: readers.map((read) => read(doc)) }))
  entries.sort((a, b) => {
    for (let i = 0; i < directions.length; i += 1) {
      const left = a.keys[i] ?? ''
      const right = b.keys[i] ?? ''
      if (left !== right) return left < right === (directions[i] === 1) ? -1 : 1
    }
    return 0
  })
  return entries.map(({ doc }) => doc)
}
