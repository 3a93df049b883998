import { CommandError, notImplemented, unknownName } from '../errors.ts'
import { findDocs, part } from '../plan/find.ts'
import { compileExpression } from '../query/expression.ts'
import { compileFilter } from '../query/match.ts'
import { compileProjection } from '../query/projection.ts'
import { parseSort, sortDocs } from '../query/sort.ts'
import type { Collection } from '../storage/collection.ts'
import { type Doc, isDoc, own } from '../values/types.ts'
import { group } from './group.ts'

/** One stage of a pipeline, or several: what comes in is never changed. */
export type Stage = (docs: Iterable<Doc>) => Iterable<Doc>

const STAGES: ReadonlyMap<string, (spec: unknown) => Stage> = new Map([
  ['$match', match],
  ['$sort', sort],
  ['$skip', (spec) => (docs) => part(docs, countOf(spec, 0, 15956), Number.POSITIVE_INFINITY)],
  ['$limit', limit],
  ['$project', project],
  ['$addFields', addFields],
  ['$unwind', unwind],
  ['$group', group],
  ['$facet', facet],
])

/**
 * Results of a pipeline over a collection; indexes answer the `$match` it begins with, the only one that may search
 * text. Every stage is checked before the first document is read; unknown ones are refused (40324).
 */
export function runAggregate(collection: Collection | undefined, pipeline: unknown): Iterable<Doc> {
  if (!Array.isArray(pipeline)) throw new CommandError(14, "'pipeline' option must be specified as an array")
  const first: unknown = pipeline[0]
  const filter = isDoc(first) && Object.keys(first).length === 1 ? first.$match : undefined
  if (!isDoc(filter)) return compilePipeline(pipeline)(findDocs(collection, {}))
  const run = compilePipeline(pipeline.slice(1))
  return run(findDocs(collection, filter))
}

function compilePipeline(pipeline: readonly unknown[]): Stage {
  const stages = pipeline.map((stage) => {
    const [entry, more] = isDoc(stage) ? Object.entries(stage) : []
    if (!entry || more) {
      throw new CommandError(40323, 'A pipeline stage specification object must contain exactly one field.')
    }
    const compile = STAGES.get(entry[0])
    if (!compile) throw unknownName(40324, `The stage ${entry[0]}`)
    return compile(entry[1])
  })
  return (docs) => stages.reduce((stream, stage) => stage(stream), docs)
}

function* flatMapped(docs: Iterable<Doc>, change: (doc: Doc) => Doc[]): Iterable<Doc> {
  for (const doc of docs) yield* change(doc)
}

function match(spec: unknown): Stage {
  const test = compileFilter(spec)
  return (docs) => flatMapped(docs, (doc) => (test(doc) ? [doc] : []))
}

function sort(spec: unknown): Stage {
  const fields = parseSort(spec)
  if (fields.length === 0) throw new CommandError(15976, '$sort stage must have at least one sort key')
  return (docs) => sortDocs(docs, fields)
}

function countOf(spec: unknown, least: number, code: number): number {
  if (typeof spec === 'number' && Number.isInteger(spec) && spec >= least) return spec
  throw new CommandError(code, `the number must be an integer of at least ${least}`)
}

function limit(spec: unknown): Stage {
  const most = countOf(spec, 1, 15958)
  return (docs) => part(docs, 0, most)
}

function project(spec: unknown): Stage {
  if (!isDoc(spec) || Object.keys(spec).length === 0) {
    throw new CommandError(51272, 'Invalid $project: the specification must have at least one field')
  }
  const change = compileProjection(spec)
  return (docs) => flatMapped(docs, (doc) => [change(doc)])
}

function addFields(spec: unknown): Stage {
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

function unwind(path: unknown): Stage {
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

function facet(spec: unknown): Stage {
  if (!isDoc(spec) || Object.keys(spec).length === 0) {
    throw new CommandError(40169, 'the $facet specification must be a non-empty object')
  }
  const branches = Object.entries(spec).map(([name, pipeline]) => {
    if (!Array.isArray(pipeline))
      throw new CommandError(40170, `arguments to $facet must be arrays, ${name} is not`)
    return [name, compilePipeline(pipeline)] as const
  })
  return (docs) => {
    const all = [...docs]
    return [Object.fromEntries(branches.map(([name, run]) => [name, [...run(all)]]))]
  }
}
