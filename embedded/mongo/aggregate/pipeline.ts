import { CommandError, unknownName } from '../errors.ts'
import { findDocs } from '../plan/find.ts'
import type { Collection } from '../storage/collection.ts'
import { type Doc, isDoc } from '../values/types.ts'
import * as stages from './stages.ts'

const STAGES: ReadonlyMap<string, (spec: unknown) => stages.Stage> = new Map([
  ['$match', stages.match],
  ['$sort', stages.sort],
  ['$skip', stages.skip],
  ['$limit', stages.limit],
  ['$project', stages.project],
  ['$addFields', stages.addFields],
  ['$unwind', stages.unwind],
  ['$group', stages.group],
  ['$facet', facet],
])

/**
 * Runs a pipeline over a collection. A first `$match` uses indexes and is the only stage that can search text. All stages
 * are compiled before the first document is read.
 *
 * @throws 40324 for an unknown stage
 */
export function runAggregate(collection: Collection | undefined, pipeline: unknown): Iterable<Doc> {
  if (!Array.isArray(pipeline)) throw new CommandError(14, "'pipeline' option must be specified as an array")
  const first: unknown = pipeline[0]
  const filter = isDoc(first) && Object.keys(first).length === 1 ? first.$match : undefined
  if (!isDoc(filter)) return compilePipeline(pipeline)(findDocs(collection, {}))
  const run = compilePipeline(pipeline.slice(1))
  return run(findDocs(collection, filter))
}

function compilePipeline(pipeline: readonly unknown[]): stages.Stage {
  const compiled = pipeline.map((stage) => {
    const [entry, more] = isDoc(stage) ? Object.entries(stage) : []
    if (!entry || more) {
      throw new CommandError(40323, 'A pipeline stage specification object must contain exactly one field.')
    }
    const compile = STAGES.get(entry[0])
    if (!compile) throw unknownName(40324, `The stage ${entry[0]}`)
    return compile(entry[1])
  })
  return (docs) => compiled.reduce((stream, stage) => stage(stream), docs)
}

function facet(spec: unknown): stages.Stage {
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
