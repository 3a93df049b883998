import { CommandError } from '../errors.ts'
import { findDocs } from '../plan/find.ts'
import { parseSort } from '../query/sort.ts'
import type { Catalog } from '../storage/catalog.ts'
import { type Doc, isDoc } from '../values/types.ts'
import { compilePipeline, countOf, type Scope, stageOf } from './stages.ts'

export interface AggregateOptions {
  variables: Doc
  hint?: unknown
}

/** The stages an index can serve, and those that are left. */
export interface Lead {
  filter: Doc
  sort: unknown
  skip: number
  limit: number
  rest: unknown[]
}

/** Results of a pipeline over a collection. The stages it begins with are answered by indexes where there are any. */
export function runAggregate(
  catalog: Catalog,
  database: string,
  name: string,
  pipeline: unknown,
  { variables, hint }: AggregateOptions,
): Iterable<Doc> {
  if (!Array.isArray(pipeline)) throw new CommandError(14, "'pipeline' option must be specified as an array")
  const scope: Scope = {
    variables,
    aggregate: (other, stages, inner) => runAggregate(catalog, database, other, stages, { variables: inner }),
  }
  const { filter, sort, skip, limit, rest } = leadOf(pipeline)
  const run = compilePipeline(rest, scope)
  const found = findDocs(catalog.find(database, name), filter, {
    sort: parseSort(sort),
    skip,
    limit,
    variables,
    hint,
  })
  return run(found)
}

/** Splits off `$match`…, `$sort`, `$skip`, `$limit` from the start of a pipeline, in this order. */
export function leadOf(pipeline: readonly unknown[]): Lead {
  const rest = pipeline.map(stageOf)
  const next = (name: string) => (rest[0]?.name === name ? rest.shift()?.spec : undefined)
  const filters: Doc[] = []
  while (rest[0]?.name === '$match') {
    const filter = next('$match')
    if (!isDoc(filter)) throw new CommandError(15959, 'the match filter must be an expression in an object')
    filters.push(filter)
  }
  const sort = next('$sort')
  if (isDoc(sort) && Object.keys(sort).length === 0) {
    throw new CommandError(15976, '$sort stage must have at least one sort key')
  }
  const skip = next('$skip')
  const limit = next('$limit')
  const [filter = {}, ...more] = filters
  return {
    filter: more.length === 0 ? filter : { $and: filters },
    sort,
    skip: skip === undefined ? 0 : countOf('$skip', skip, 0),
    limit: limit === undefined ? 0 : countOf('$limit', limit, 1),
    rest: rest.map(({ name, spec }) => ({ [name]: spec })),
  }
}
