import { CommandError, notImplemented } from '../errors.ts'
import { compileFilter } from '../query/match.ts'
import { parseSort, sortDocs } from '../query/sort.ts'
import { type Doc, isDoc } from '../values/types.ts'
import { bucket, group, sortByCount } from './grouping.ts'
import { facet, lookup, unionWith } from './joining.ts'
import { addFields, project, replaceRoot, unset, unwind } from './reshaping.ts'

/** One stage of a pipeline, or several: what comes in is never changed. */
export type Stage = (docs: Iterable<Doc>) => Iterable<Doc>

/** What stages may reach besides the documents that come in. */
export interface Scope {
  variables: Doc
  /** Runs a pipeline over another collection of the same database. */
  aggregate(collection: string, pipeline: unknown[], variables: Doc): Iterable<Doc>
}

const STAGES: Record<string, (spec: unknown, scope: Scope) => Stage> = {
  $match: (spec, { variables }) => {
    const test = compileFilter(spec, { variables })
    return function* (docs) {
      for (const doc of docs) if (test(doc)) yield doc
    }
  },
  $sort: (spec) => {
    const fields = parseSort(spec)
    if (fields.length === 0) throw new CommandError(15976, '$sort stage must have at least one sort key')
    return (docs) => sortDocs(docs, fields)
  },
  $limit: (spec) => limit(countOf('$limit', spec, 1)),
  $skip: (spec) => skip(countOf('$skip', spec, 0)),
  $count: count,
  $project: (spec, { variables }) => project(spec, variables),
  $addFields: (spec, { variables }) => addFields(spec, variables),
  $set: (spec, { variables }) => addFields(spec, variables),
  $unset: unset,
  $unwind: unwind,
  $replaceRoot: (spec, { variables }) => replaceRoot(isDoc(spec) ? spec.newRoot : undefined, variables),
  $replaceWith: (spec, { variables }) => replaceRoot(spec, variables),
  $group: (spec, { variables }) => group(spec, variables),
  $sortByCount: (spec, { variables }) => sortByCount(spec, variables),
  $bucket: (spec, { variables }) => bucket(spec, variables),
  $sample: sample,
  $lookup: lookup,
  $unionWith: unionWith,
  $facet: facet,
}
const UNSUPPORTED = new Set([
  ...[
    '$bucketAuto',
    '$changeStream',
    '$collStats',
    '$currentOp',
    '$densify',
    '$documents',
    '$fill',
    '$geoNear',
  ],
  ...[
    '$graphLookup',
    '$indexStats',
    '$listSessions',
    '$merge',
    '$out',
    '$planCacheStats',
    '$redact',
    '$search',
  ],
  ...['$setWindowFields', '$vectorSearch'],
])

/** Compiles a pipeline; every stage is checked before the first document is read. Unknown ones are refused (40324). */
export function compilePipeline(pipeline: readonly unknown[], scope: Scope): Stage {
  const stages = pipeline.map((stage) => {
    const { name, spec } = stageOf(stage)
    if (UNSUPPORTED.has(name)) throw notImplemented(`The stage ${name}`)
    const compile = Object.hasOwn(STAGES, name) ? STAGES[name] : undefined
    if (!compile) throw new CommandError(40324, `Unrecognized pipeline stage name: '${name}'`)
    return compile(spec, scope)
  })
  return (docs) => stages.reduce((stream, stage) => stage(stream), docs)
}

export function stageOf(stage: unknown): { name: string; spec: unknown } {
  const [entry, more] = isDoc(stage) ? Object.entries(stage) : []
  if (!entry || more) {
    throw new CommandError(40323, 'A pipeline stage specification object must contain exactly one field.')
  }
  return { name: entry[0], spec: entry[1] }
}

export function countOf(name: '$limit' | '$skip', spec: unknown, least: number): number {
  if (typeof spec === 'number' && Number.isInteger(spec) && spec >= least) return spec
  throw new CommandError(
    name === '$limit' ? 15958 : 15956,
    `the ${name} must be an integer of at least ${least}`,
  )
}

function limit(most: number): Stage {
  return function* (docs) {
    let left = most
    for (const doc of docs) {
      yield doc
      left -= 1
      if (left === 0) return
    }
  }
}

function skip(many: number): Stage {
  return function* (docs) {
    let left = many
    for (const doc of docs) {
      if (left > 0) left -= 1
      else yield doc
    }
  }
}

function count(field: unknown): Stage {
  if (typeof field !== 'string' || field === '' || field.startsWith('$') || field.includes('.')) {
    throw new CommandError(40156, 'the count field must be a non-empty string without $ and .')
  }
  return (docs) => {
    const number = [...docs].length
    return number === 0 ? [] : [{ [field]: number }]
  }
}

function sample(spec: unknown): Stage {
  const size = isDoc(spec) ? spec.size : undefined
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 1) {
    throw new CommandError(28747, 'size argument to $sample must be a positive integer')
  }
  return (docs) => {
    const all = [...docs]
    for (let i = 0; i < Math.min(size, all.length); i += 1) {
      const other = i + Math.floor(Math.random() * (all.length - i))
      ;[all[i], all[other]] = [all[other] as Doc, all[i] as Doc]
    }
    return all.slice(0, size)
  }
}
