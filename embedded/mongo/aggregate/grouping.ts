import { CommandError } from '../errors.ts'
import { compileExpression } from '../query/expression.ts'
import { parseSort, sortDocs } from '../query/sort.ts'
import { encode } from '../values/encode.ts'
import { compare } from '../values/order.ts'
import { type Doc, isDoc } from '../values/types.ts'
import { compileAccumulators } from './accumulators.ts'
import type { Stage } from './stages.ts'

function groupsBy(docs: Iterable<Doc>, keyOf: (doc: Doc) => unknown): { key: unknown; docs: Doc[] }[] {
  const groups = new Map<string, { key: unknown; docs: Doc[] }>()
  for (const doc of docs) {
    const key = keyOf(doc) ?? null
    const code = encode(key)
    const group = groups.get(code)
    if (group) group.docs.push(doc)
    else groups.set(code, { key, docs: [doc] })
  }
  return [...groups.values()]
}

export function group(spec: unknown, variables: Doc): Stage {
  if (!isDoc(spec)) throw new CommandError(15947, "a group's fields must be specified in an object")
  if (!('_id' in spec)) throw new CommandError(15955, 'a group specification must include an _id')
  const { _id, ...fields } = spec
  const keyOf = compileExpression(_id, variables)
  const accumulate = compileAccumulators(fields, variables)
  return (docs) => groupsBy(docs, keyOf).map((found) => ({ _id: found.key, ...accumulate(found.docs) }))
}

export function sortByCount(expression: unknown, variables: Doc): Stage {
  const grouped = group({ _id: expression, count: { $sum: 1 } }, variables)
  const order = parseSort({ count: -1 })
  return (docs) => sortDocs(grouped(docs), order)
}

export function bucket(spec: unknown, variables: Doc): Stage {
  if (!isDoc(spec)) throw new CommandError(40201, 'Argument to $bucket stage must be an object')
  const { boundaries, groupBy } = spec
  if (!Array.isArray(boundaries) || boundaries.length < 2) {
    throw new CommandError(40192, 'The $bucket boundaries field must have at least 2 values')
  }
  if (boundaries.some((value, i) => i > 0 && compare(boundaries[i - 1], value) >= 0)) {
    throw new CommandError(40194, 'The boundaries option to $bucket must be sorted in ascending order')
  }
  const bucketed = compileExpression(groupBy, variables)
  const accumulate = compileAccumulators(isDoc(spec.output) ? spec.output : { count: { $sum: 1 } }, variables)
  const keyOf = (doc: Doc) => {
    const value = bucketed(doc)
    const next = boundaries.findIndex((boundary) => compare(value, boundary) < 0)
    if (next > 0) return boundaries[next - 1]
    if ('default' in spec) return spec.default
    throw new CommandError(
      7157700,
      '$switch could not find a matching branch for an input, and no default was specified.',
    )
  }
  return (docs) =>
    groupsBy(docs, keyOf)
      .sort((a, b) => compare(a.key, b.key))
      .map((found) => ({ _id: found.key, ...accumulate(found.docs) }))
}
