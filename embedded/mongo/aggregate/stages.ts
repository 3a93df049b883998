import { CommandError, notImplemented, unknownName } from '../errors.ts'
import { slice } from '../plan/find.ts'
import { compileExpression } from '../query/expression.ts'
import { compileFilter } from '../query/match.ts'
import { compileProjection } from '../query/projection.ts'
import { copyOf } from '../query/score.ts'
import { parseSort, sortDocs } from '../query/sort.ts'
import { encode } from '../values/order.ts'
import { type Doc, isDoc, own, setField } from '../values/types.ts'

/** One stage of a pipeline, or several stages as one. A stage never changes its input documents. */
export type Stage = (docs: Iterable<Doc>) => Iterable<Doc>

function* flatMapped(docs: Iterable<Doc>, change: (doc: Doc) => Doc[]): Iterable<Doc> {
  for (const doc of docs) yield* change(doc)
}

export function match(spec: unknown): Stage {
  const test = compileFilter(spec)
  return (docs) => flatMapped(docs, (doc) => (test(doc) ? [doc] : []))
}

/** Sorts. With the operand of a `$limit` that follows, keeps only so many documents. */
export function sort(spec: unknown, following?: unknown): Stage {
  const fields = parseSort(spec)
  if (fields.length === 0) throw new CommandError(15976, '$sort stage must have at least one sort key')
  const most = following === undefined ? undefined : readLimit(following)
  return (docs) => sortDocs(docs, fields, most)
}

function readCount(spec: unknown, least: number, code: number): number {
  if (typeof spec === 'number' && Number.isInteger(spec) && spec >= least) return spec
  throw new CommandError(code, `the number must be an integer of at least ${least}`)
}

export function skip(spec: unknown): Stage {
  const many = readCount(spec, 0, 15956)
  return (docs) => slice(docs, many, Number.POSITIVE_INFINITY)
}

const readLimit = (spec: unknown) => readCount(spec, 1, 15958)

export function limit(spec: unknown): Stage {
  const most = readLimit(spec)
  return (docs) => slice(docs, 0, most)
}

export function project(spec: unknown): Stage {
  if (!isDoc(spec) || Object.keys(spec).length === 0) {
    throw new CommandError(51272, 'Invalid $project: the specification must have at least one field')
  }
  const change = compileProjection(spec)
  return (docs) => flatMapped(docs, (doc) => [change(doc)])
}

/** Compiles `$addFields` to a function that sets the computed fields of one document on another. */
function compileFields(spec: unknown): (source: Doc, target: Doc) => Doc {
  if (!isDoc(spec)) throw new CommandError(40272, '$addFields specification stage must be an object')
  const fields = Object.entries(spec).map(([field, expression]) => {
    if (/[.$]|^$/.test(field)) throw notImplemented(`$addFields of ${field}`)
    return [field, compileExpression(expression)] as const
  })
  return (source, target) => {
    for (const [field, evaluate] of fields) {
      const value = evaluate(source)
      if (value === undefined) delete target[field]
      else setField(target, field, value)
    }
    return target
  }
}

export function addFields(spec: unknown): Stage {
  const add = compileFields(spec)
  return (docs) => flatMapped(docs, (doc) => [add(doc, copyOf(doc))])
}

const SOURCE: unique symbol = Symbol('source')

/**
 * Runs `$addFields`, then stages that filter and order documents by fields of their top level. Only the documents that
 * they keep are copied.
 *
 * @param read the fields that the stages read
 */
export function addFieldsLate(spec: unknown, read: readonly string[], keep: Stage): Stage {
  const add = compileFields(spec)
  const partOf = (doc: Doc): Doc => {
    const part: Doc & { [SOURCE]?: Doc } = { [SOURCE]: doc }
    for (const field of read) if (Object.hasOwn(doc, field)) setField(part, field, doc[field])
    return add(doc, part)
  }
  return (docs) =>
    flatMapped(keep(flatMapped(docs, (doc) => [partOf(doc)])), (part: Doc & { [SOURCE]?: Doc }) => {
      const source = part[SOURCE] ?? part
      return [add(source, copyOf(source))]
    })
}

/**
 * Returns a document for each element of an array.
 *
 * @param following the operand of a `$group` that follows: then the documents have only the fields that it reads
 */
export function unwind(path: unknown, following?: unknown): Stage {
  if (isDoc(path)) throw notImplemented('$unwind with options')
  if (typeof path !== 'string' || !path.startsWith('$')) {
    throw new CommandError(28818, "path option to $unwind stage should be prefixed with a '$'")
  }
  const field = path.slice(1)
  if (field.includes('.')) throw notImplemented('$unwind of a field inside of a document')
  const read = following === undefined ? undefined : rootsOf(following)
  const copy = (doc: Doc): Doc =>
    read ? Object.fromEntries(read.map((root) => [root, own(doc, root)])) : copyOf(doc)
  return (docs) =>
    flatMapped(docs, (doc) => {
      const value = own(doc, field) ?? []
      return (Array.isArray(value) ? value : [value]).map((item) => {
        const unwound = copy(doc)
        setField(unwound, field, item)
        return unwound
      })
    })
}

/** Returns the fields of a document that expressions read, or undefined if they can read more than fields. */
function rootsOf(expression: unknown): string[] | undefined {
  if (typeof expression === 'string')
    return expression.startsWith('$') ? [expression.slice(1).split('.')[0] ?? ''] : []
  if (!isDoc(expression) && !Array.isArray(expression)) return []
  if ('$meta' in expression) return undefined
  const found: string[] = []
  for (const part of Object.values(expression)) {
    const roots = rootsOf(part)
    if (!roots) return undefined
    found.push(...roots)
  }
  return [...new Set(found)]
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
      // the first character of an encoded value is never a quote
      const code = typeof key === 'string' ? `"${key}` : encode(key)
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
