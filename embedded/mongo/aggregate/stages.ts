import { CommandError, notImplemented, unknownName } from '../errors.ts'
import { slice } from '../plan/find.ts'
import { compileExpression } from '../query/expression.ts'
import { compileFilter } from '../query/match.ts'
import { compileProjection } from '../query/projection.ts'
import { parseSort, sortDocs } from '../query/sort.ts'
import { encode } from '../values/order.ts'
import { type Doc, isDoc, own } from '../values/types.ts'

/** One stage of a pipeline, or several stages as one. A stage never changes its input documents. */
export type Stage = (docs: Iterable<Doc>) => Iterable<Doc>

function* flatMapped(docs: Iterable<Doc>, change: (doc: Doc) => Doc[]): Iterable<Doc> {
  for (const doc of docs) yield* change(doc)
}

export function match(spec: unknown): Stage {
  const test = compileFilter(spec)
  return (docs) => flatMapped(docs, (doc) => (test(doc) ? [doc] : []))
}

export function sort(spec: unknown): Stage {
  const fields = parseSort(spec)
  if (fields.length === 0) throw new CommandError(15976, '$sort stage must have at least one sort key')
  return (docs) => sortDocs(docs, fields)
}

function readCount(spec: unknown, least: number, code: number): number {
  if (typeof spec === 'number' && Number.isInteger(spec) && spec >= least) return spec
  throw new CommandError(code, `the number must be an integer of at least ${least}`)
}

export function skip(spec: unknown): Stage {
  const many = readCount(spec, 0, 15956)
  return (docs) => slice(docs, many, Number.POSITIVE_INFINITY)
}

export function limit(spec: unknown): Stage {
  const most = readCount(spec, 1, 15958)
  return (docs) => slice(docs, 0, most)
}

export function project(spec: unknown): Stage {
  if (!isDoc(spec) || Object.keys(spec).length === 0) {
    throw new CommandError(51272, 'Invalid $project: the specification must have at least one field')
  }
  const change = compileProjection(spec)
  return (docs) => flatMapped(docs, (doc) => [change(doc)])
}

export function addFields(spec: unknown): Stage {
  if (!isDoc(spec)) throw new CommandError(40272, '$addFields specification stage must be an object')
  const fields = Object.entries(spec).map(([field, expression]) => {
    if (/[.$]|^$/.test(field)) throw notImplemented(`$addFields of ${field}`)
    return [field, compileExpression(expression)] as const
  })
  return (docs) =>
    flatMapped(docs, (doc) => {
      const result = { ...doc }
      for (const [field, evaluate] of fields) {
        const value = evaluate(doc)
        if (value === undefined) delete result[field]
        else result[field] = value
      }
      return [result]
    })
}

export function unwind(path: unknown): Stage {
  if (isDoc(path)) throw notImplemented('$unwind with options')
  if (typeof path !== 'string' || !path.startsWith('$')) {
    throw new CommandError(28818, "path option to $unwind stage should be prefixed with a '$'")
  }
  const field = path.slice(1)
  if (field.includes('.')) throw notImplemented('$unwind of a field inside of a document')
  return (docs) =>
    flatMapped(docs, (doc) => {
      const value = own(doc, field) ?? []
      return (Array.isArray(value) ? value : [value]).map((item) => ({ ...doc, [field]: item }))
    })
}

/** Groups documents by the value of an expression; a missing value counts as null. `$sum` is the only accumulator. */
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

/** Compiles `$sum` to the amount that one document adds: its number, or 0 for any other type. */
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
