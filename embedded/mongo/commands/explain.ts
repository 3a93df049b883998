import { notImplemented } from '../errors.ts'
import { choosePlan } from '../plan/choose.ts'
import { isSorted, type Plan } from '../plan/scan.ts'
import { parseSort } from '../query/sort.ts'
import { type Doc, isDoc } from '../values/types.ts'
import { type Command, collectionOf, docOf } from './command.ts'

/** Returns the plan of a `find`: the index that finds the candidates, if any, and whether they are sorted afterwards. */
export const explain: Command = {
  fields: ['verbosity'],
  run: ({ body, database, connection }, engine) => {
    const inner = body.explain
    if (!isDoc(inner) || Object.keys(inner)[0] !== 'find')
      throw notImplemented('explain of anything but find')
    if (body.verbosity !== 'queryPlanner') throw notImplemented(`explain with verbosity ${body.verbosity}`)
    const call = { name: 'find', body: inner, database, connection }
    const collection = collectionOf(call, engine)
    const filter = docOf(inner.filter, 'filter')
    const sort = parseSort(inner.sort)
    const plan: Plan = collection ? choosePlan(filter, { collection, sort }) : { kind: 'ids', codes: [] }
    const found = stageOf(plan)
    const winningPlan = isSorted(plan, sort)
      ? found
      : { stage: 'SORT', sortPattern: inner.sort, inputStage: found }
    return { queryPlanner: { parsedQuery: filter, winningPlan, rejectedPlans: [] } }
  },
}

function stageOf(plan: Plan): Doc {
  switch (plan.kind) {
    case 'all':
      return { stage: 'COLLSCAN', direction: 'forward' }
    case 'ids':
      return { stage: 'FETCH', inputStage: { stage: 'IXSCAN', keyPattern: { _id: 1 }, indexName: '_id_' } }
    case 'text':
      return { stage: 'TEXT_MATCH', terms: [...plan.search.terms] }
    case 'union':
      return { stage: 'SUBPLAN', inputStages: plan.plans.map(stageOf) }
    case 'index': {
      const { key, name } = plan.index.spec
      const direction = plan.direction === 1 ? 'forward' : 'backward'
      return { stage: 'FETCH', inputStage: { stage: 'IXSCAN', keyPattern: key, indexName: name, direction } }
    }
  }
}
