import { CommandError, unknownName } from '../errors.ts'
import { compileExpression } from '../query/expression.ts'
import { encode } from '../values/order.ts'
import { type Doc, isDoc } from '../values/types.ts'
import type { Stage } from './stages.ts'

/** Groups by what an expression yields, a missing value as null; sums are the only accumulators. */
export function group(spec: unknown): Stage {
  if (!isDoc(spec)) throw new CommandError(15947, "a group's fields must be specified in an object")
  if (!('_id' in spec)) throw new CommandError(15955, 'a group specification must include an _id')
  const { _id, ...fields } = spec
  const keyOf = compileExpression(_id)
  const sums = Object.entries(fields).map(([field, sum]) => ({ field, amountOf: compileSum(field, sum) }))
  return (docs) => {
    const groups = new Map<string, Doc & Record<string, unknown>>()
    for (const doc of docs) {
      const key = keyOf(doc) ?? null
      const code = encode(key)
      const found = groups.get(code) ?? {
        _id: key,
        ...Object.fromEntries(sums.map(({ field }) => [field, 0])),
      }
      groups.set(code, found)
      for (const { field, amountOf } of sums) found[field] = Number(found[field]) + amountOf(doc)
    }
    return groups.values()
  }
}

/** What a document adds to a sum: only numbers count. */
function compileSum(field: string, spec: unknown): (doc: Doc) => number {
  if (field.includes('.')) throw new CommandError(40235, `The field name '${field}' cannot contain '.'`)
  const [entry, more] = isDoc(spec) ? Object.entries(spec) : []
  if (!entry) throw new CommandError(40234, `The field '${field}' must be an accumulator object`)
  if (more) throw new CommandError(40238, `The field '${field}' must specify one accumulator`)
  if (entry[0] !== '$sum') throw unknownName(15952, `The accumulator ${entry[0]}`)
  const evaluate = compileExpression(entry[1])
  return (doc) => {
    const value = evaluate(doc)
    return typeof value === 'number' ? value : 0
  }
}
