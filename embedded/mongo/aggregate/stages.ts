import { CommandError, notImplemented } from '../errors.ts'
import { part } from '../plan/find.ts'
import { compileExpression } from '../query/expression.ts'
import { compileFilter } from '../query/match.ts'
import { compileProjection } from '../query/projection.ts'
import { parseSort, sortDocs } from '../query/sort.ts'
import { type Doc, isDoc, own } from '../values/types.ts'

/** One stage of a pipeline, or several: what comes in is never changed. */
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

function countOf(spec: unknown, least: number, code: number): number {
  if (typeof spec === 'number' && Number.isInteger(spec) && spec >= least) return spec
  throw new CommandError(code, `the number must be an integer of at least ${least}`)
}

export function skip(spec: unknown): Stage {
  const many = countOf(spec, 0, 15956)
  return (docs) => part(docs, many, Number.POSITIVE_INFINITY)
}

export function limit(spec: unknown): Stage {
  const most = countOf(spec, 1, 15958)
  return (docs) => part(docs, 0, most)
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
