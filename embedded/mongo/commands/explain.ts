import { leadOf } from '../aggregate/run.ts'
import { stageOf } from '../aggregate/stages.ts'
import { CommandError, notImplemented } from '../errors.ts'
import { choosePlan } from '../plan/choose.ts'
import { findDocs, isSorted } from '../plan/find.ts'
import type { IndexPlan, Plan } from '../plan/plan.ts'
import { countUpTo } from '../plan/scan.ts'
import { parseSort } from '../query/sort.ts'
import type { Collection } from '../storage/collection.ts'
import { type Doc, isDoc } from '../values/types.ts'
import { docOf, docsOf } from './arguments.ts'
import { type Call, type Command, collectionName, collectionOf } from './engine.ts'

interface Explained {
  filter: Doc
  sort: unknown
  hint: unknown
  skip?: number
  limit?: number
  /** Stage that wraps the search: what a write or a count does with what is found. */
  wrapper?: string
  rest?: unknown[]
}

/** The part of a command that searches. */
function searchOf({ name, body }: Call): Explained {
  switch (name) {
    case 'find': {
      const { sort, hint } = body
      return {
        filter: docOf(body.filter, 'filter'),
        sort,
        hint,
        skip: Number(body.skip ?? 0),
        limit: Number(body.limit ?? 0),
      }
    }
    case 'aggregate': {
      const lead = leadOf(Array.isArray(body.pipeline) ? body.pipeline : [])
      return { ...lead, hint: body.hint }
    }
    case 'count':
    case 'distinct':
      return {
        filter: docOf(body.query, 'query'),
        sort: undefined,
        hint: body.hint,
        wrapper: name.toUpperCase(),
      }
    case 'findAndModify':
      return {
        filter: docOf(body.query, 'query'),
        sort: body.sort,
        hint: body.hint,
        wrapper: body.remove ? 'DELETE' : 'UPDATE',
      }
    case 'update':
    case 'delete': {
      const [statement = {}] = docsOf(body[`${name}s`], `${name}s`)
      return {
        filter: docOf(statement.q, 'q'),
        sort: statement.sort,
        hint: statement.hint,
        wrapper: name.toUpperCase(),
      }
    }
  }
  throw notImplemented(`explain of ${name}`)
}

export const explain: Command = {
  fields: ['verbosity'],
  run: ({ body, database, connection }, engine) => {
    const inner = body.explain
    const name = isDoc(inner) ? Object.keys(inner)[0] : undefined
    if (!isDoc(inner) || name === undefined) throw new CommandError(9, 'explain needs a command')
    const call = { name, body: inner, database, connection }
    const collection = collectionOf(call, engine)
    const search = searchOf(call)
    const sort = parseSort(search.sort)
    const plan: Plan = collection
      ? choosePlan(search.filter, { collection, sort, hint: search.hint })
      : { kind: 'none' }
    const unsorted = sort.length > 0 && !isSorted(plan)
    const fetched = stageFor(plan, collection)
    const sorted = unsorted ? { stage: 'SORT', sortPattern: search.sort, inputStage: fetched } : fetched
    const winningPlan = search.wrapper ? { stage: search.wrapper, inputStage: sorted } : sorted
    const queryPlanner = {
      namespace: `${database}.${collectionName(call)}`,
      indexFilterSet: false,
      parsedQuery: search.filter,
      winningPlan,
      rejectedPlans: [],
    }
    const { verbosity = 'allPlansExecution' } = body
    const executionStats =
      verbosity === 'queryPlanner' ? {} : { executionStats: execute(collection, search, plan, winningPlan) }
    const rest = (search.rest ?? []).map(stageOf).map(({ name: stage, spec }) => ({ [stage]: spec }))
    const cursor = { queryPlanner, ...executionStats }
    return rest.length > 0 ? { stages: [{ $cursor: cursor }, ...rest] } : { explainVersion: '1', ...cursor }
  },
}

function execute(
  collection: Collection | undefined,
  search: Explained,
  plan: Plan,
  executionStages: Doc,
): Doc {
  const started = performance.now()
  const { filter, skip = 0, limit = 0, hint } = search
  const nReturned = [...findDocs(collection, filter, { sort: parseSort(search.sort), skip, limit, hint })]
    .length
  const examined = collection ? countUpTo(plan, collection, Number.POSITIVE_INFINITY) : 0
  return {
    executionSuccess: true,
    nReturned,
    executionTimeMillis: Math.round(performance.now() - started),
    totalKeysExamined: plan.kind === 'all' || plan.kind === 'none' ? 0 : examined,
    totalDocsExamined: examined,
    executionStages,
  }
}

function stageFor(plan: Plan, collection: Collection | undefined): Doc {
  switch (plan.kind) {
    case 'none':
      return { stage: 'EOF' }
    case 'all':
      return { stage: 'COLLSCAN', direction: 'forward' }
    case 'ids':
      return {
        stage: 'FETCH',
        inputStage: { stage: 'IXSCAN', keyPattern: { _id: 1 }, indexName: '_id_', isUnique: true },
      }
    case 'text':
      return {
        stage: 'TEXT_MATCH',
        indexName: collection?.textIndex?.spec.name,
        textIndexVersion: 3,
        inputStage: { stage: 'TEXT_OR', terms: [...plan.search.terms] },
      }
    case 'index':
      return { stage: 'FETCH', inputStage: indexStage(plan) }
    case 'union':
      return {
        stage: 'FETCH',
        inputStage: { stage: plan.sorted ? 'SORT_MERGE' : 'OR', inputStages: plan.plans.map(indexStage) },
      }
  }
}

const indexStage = ({ index, direction, segments }: IndexPlan): Doc => ({
  stage: 'IXSCAN',
  keyPattern: index.spec.key,
  indexName: index.spec.name,
  isMultiKey: index.isMultikey,
  isUnique: index.spec.unique === true,
  isSparse: index.spec.sparse === true,
  isPartial: index.spec.partialFilterExpression !== undefined,
  direction: direction === 1 ? 'forward' : 'backward',
  ranges: segments.length,
})
