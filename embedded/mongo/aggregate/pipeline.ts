import { CommandError, unknownName } from '../errors.ts'
import { readDocs } from '../plan/find.ts'
import type { Turns } from '../plan/turns.ts'
import { parseSort } from '../query/sort.ts'
import type { Collection } from '../storage/collection.ts'
import { type Doc, isDoc } from '../values/types.ts'
import * as stages from './stages.ts'

/** Each compiles a stage. Some save work when they know the next stage. */
const STAGES: ReadonlyMap<string, (spec: unknown, next: Doc) => stages.Stage> = new Map<
  string,
  (spec: unknown, next: Doc) => stages.Stage
>([
  ['$match', stages.match],
  ['$sort', (spec, { $limit }) => stages.sort(spec, $limit)],
  ['$skip', stages.skip],
  ['$limit', stages.limit],
  ['$project', stages.project],
  ['$addFields', stages.addFields],
  ['$unwind', (spec, { $group }) => stages.unwind(spec, $group)],
  ['$group', stages.group],
  ['$facet', facet],
])

/**
 * Runs a pipeline over a collection. A first `$match` uses indexes and is the only stage that can search text. All stages
 * are compiled before the first document is read.
 *
 * @throws 40324 for an unknown stage
 */
export async function runAggregate(
  collection: Collection | undefined,
  pipeline: unknown,
  turns: Turns,
): Promise<Doc[]> {
  if (!Array.isArray(pipeline)) throw new CommandError(14, "'pipeline' option must be specified as an array")
  const filter = operandOf(pipeline[0], '$match')
  const stages = isDoc(filter) ? pipeline.slice(1) : pipeline
  // an index can give the order of a `$sort` that follows, and the documents are not sorted again
  const sort = isDoc(filter) ? parseSort(operandOf(stages[0], '$sort')) : []
  const rest = sort.length > 0 ? stages.slice(1) : stages
  const limit = isDoc(filter) ? operandOf(rest[0], '$limit') : undefined
  const run = compilePipeline(rest)
  const options = { sort, limit: typeof limit === 'number' ? limit : undefined }
  return readDocs(collection, isDoc(filter) ? filter : {}, options, turns, (docs) => [...run(docs)])
}

/** Returns the operand of a stage with this name; undefined for another stage. */
const operandOf = (stage: unknown, name: string): unknown =>
  isDoc(stage) && Object.keys(stage).length === 1 ? stage[name] : undefined

/** Returns the fields that a filter or a sort names, or undefined if it can read others. */
function fieldsOf(spec: unknown): string[] | undefined {
  if (!isDoc(spec)) return undefined
  const found: string[] = []
  for (const [name, value] of Object.entries(spec)) {
    if (name === '$or' || name === '$and') {
      for (const part of Array.isArray(value) ? value : [undefined]) {
        const fields = fieldsOf(part)
        if (!fields) return undefined
        found.push(...fields)
      }
    } else if (name.startsWith('$')) return undefined
    else found.push(name.split('.')[0] ?? '')
  }
  return found
}

/** Compiles `$addFields`, perhaps `$match`, `$sort` and `$limit` as one stage. Returns undefined for other stages. */
function compileLateFields(
  pipeline: readonly unknown[],
): { stage: stages.Stage; length: number } | undefined {
  const docs = pipeline
    .slice(0, 4)
    .map((stage) => (isDoc(stage) && Object.keys(stage).length === 1 ? stage : {}))
  const [{ $addFields } = {}, { $match } = {}] = docs
  const length = $match === undefined ? 3 : 4
  const [{ $sort } = {}, { $limit } = {}] = docs.slice(length - 2)
  if ([$addFields, $sort, $limit].includes(undefined) || isTextSort($sort)) return undefined
  const [matched, sorted] = [fieldsOf($match ?? {}), fieldsOf($sort)]
  if (!matched || !sorted) return undefined
  const read = [...new Set([...matched, ...sorted])]
  const keep = compilePipeline(pipeline.slice(1, length))
  return { stage: stages.addFieldsLate($addFields, read, keep), length }
}

const isTextSort = (spec: unknown) => isDoc(spec) && Object.values(spec).some(isDoc)

function compilePipeline(pipeline: readonly unknown[]): stages.Stage {
  const late = compileLateFields(pipeline)
  if (late) {
    const rest = compilePipeline(pipeline.slice(late.length))
    return (docs) => rest(late.stage(docs))
  }
  const compiled = pipeline.map((stage, position) => {
    const [entry, more] = isDoc(stage) ? Object.entries(stage) : []
    if (!entry || more) {
      throw new CommandError(40323, 'A pipeline stage specification object must contain exactly one field.')
    }
    const compile = STAGES.get(entry[0])
    if (!compile) throw unknownName(40324, `The stage ${entry[0]}`)
    const next: unknown = pipeline[position + 1]
    return compile(entry[1], isDoc(next) ? next : {})
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
