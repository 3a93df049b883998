import { badValue, CommandError, notImplemented } from '../errors.ts'
import { parseTextSearch } from '../text/search.ts'
import { encode } from '../values/encode.ts'
import { isEqual } from '../values/order.ts'
import { type Doc, isDoc } from '../values/types.ts'
import { constraintsOf } from './constraints.ts'
import { planIndex } from './index-plan.ts'
import type { IndexPlan, Plan, Request } from './plan.ts'
import { countUpTo } from './scan.ts'

/** Beyond so many candidates an index in the order asked for is preferred to one that finds fewer. */
const FEW = 500

/** Chooses how to find the candidates for a filter. */
export function choosePlan(filter: Doc, request: Request): Plan {
  const text = textOf(filter)
  if (text !== undefined) return planText(text, request)
  if (request.hint !== undefined) return planHint(filter, request)
  const ids = idsOf(filter)
  if (ids) return ids.length === 0 ? { kind: 'none' } : { kind: 'ids', ids }
  const plans = planIndexes(filter, request)
  const best = plans.toSorted(byScore)[0]
  if (best && best.score >= 1000) return best
  const found: Plan[] = best ? [best] : []
  if (!best || best.score < 10) {
    const union = planUnion(filter, request)
    if (union) found.unshift(union)
  }
  if (request.sort.length === 0) return found[0] ?? { kind: 'all' }
  const sorted = [...found, ...plans].find((plan) => 'sorted' in plan && plan.sorted)
  const [first = { kind: 'all' } as const] = found
  if (!sorted || first === sorted || first.kind === 'all') return sorted ?? first
  return countUpTo(first, request.collection, FEW) < FEW ? first : sorted
}

const byScore = (a: IndexPlan, b: IndexPlan) =>
  b.score - a.score || a.index.fields.length - b.index.fields.length

function planIndexes(filter: Doc, { collection, sort }: Request): IndexPlan[] {
  const constraints = constraintsOf(filter)
  const byId = constraints.has('_id') || sort[0]?.path === '_id' ? [collection.idIndex] : []
  return [...collection.indexes, ...byId].flatMap(
    (index) => planIndex(index, constraints, filter, sort) ?? [],
  )
}

/** `$text` at the top or inside `$and`; anywhere else MongoDB does not take it either. */
function textOf(filter: Doc): unknown {
  if (filter.$text !== undefined) return filter.$text
  const parts = Array.isArray(filter.$and) ? filter.$and.filter(isDoc) : []
  return parts.map(textOf).find((found) => found !== undefined)
}

function planText(operand: unknown, { collection }: Request): Plan {
  const index = collection.textIndex
  if (!index) throw new CommandError(27, 'text index required for $text query')
  return { kind: 'text', search: parseTextSearch(operand, index.language) }
}

/** Values of `_id` when the filter names them at its top. */
function idsOf(filter: Doc): unknown[] | null {
  if (!Object.hasOwn(filter, '_id')) return null
  const condition = filter._id
  const operators =
    isDoc(condition) && Object.keys(condition)[0]?.startsWith('$') ? condition : { $eq: condition }
  const list = '$eq' in operators ? [operators.$eq] : operators.$in
  if (!Array.isArray(list)) return null
  const plain = list.every((id) => id === null || typeof id !== 'object' || isDoc(id) || isSimple(id))
  return plain ? [...new Map(list.map((id) => [encode(id ?? null), id ?? null])).values()] : null
}

const isSimple = (value: object) =>
  value instanceof Date || ('_bsontype' in value && ['ObjectId', 'Binary'].includes(String(value._bsontype)))

/** Alternatives that each have an index: their candidates together. */
function planUnion(filter: Doc, request: Request): Plan | null {
  const rest = Object.fromEntries(Object.entries(filter).filter(([field]) => field !== '$or'))
  const inner = Array.isArray(rest.$and)
    ? rest.$and.filter(isDoc).find((part) => Array.isArray(part.$or))
    : undefined
  const branches: unknown = filter.$or ?? inner?.$or
  if (!Array.isArray(branches)) return null
  const plans = branches
    .filter(isDoc)
    .map((branch) => planIndexes({ $and: [branch, rest] }, request).toSorted(byScore)[0])
  if (!plans.every((plan) => plan !== undefined && plan.score !== 8)) return null
  const usable = plans.filter((plan) => plan !== undefined)
  return {
    kind: 'union',
    plans: usable,
    sorted: usable.every((plan) => plan.sorted && isAligned(plan, request)),
  }
}

/** Streams can be merged only when each is in order by all the fields, none of them set aside as constant. */
const isAligned = ({ index, sortedFrom }: IndexPlan, { sort }: Request) =>
  sort.every(({ path }, i) => index.fields[sortedFrom + i] === path)

function planHint(filter: Doc, { collection, sort, hint }: Request): Plan {
  if (isDoc(hint) && '$natural' in hint) {
    if (hint.$natural !== 1) throw notImplemented('$natural: -1')
    return { kind: 'all' }
  }
  if (hint === '_id_' || (isDoc(hint) && isEqual(hint, { _id: 1 }))) {
    const ids = idsOf(filter)
    return ids ? { kind: 'ids', ids } : { kind: 'all' }
  }
  const index = collection.indexes.find(
    ({ spec }) => spec.name === hint || (isDoc(hint) && isEqual(hint, spec.key)),
  )
  if (!index) throw badValue('hint provided does not correspond to an existing index')
  const plan = planIndex(index, constraintsOf(filter), filter, sort, true)
  if (!plan) throw notImplemented('A hint to an index that lacks documents the filter may ask for')
  return plan
}
