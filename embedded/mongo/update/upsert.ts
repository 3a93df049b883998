import { BSONRegExp, ObjectId } from 'bson'
import { CommandError } from '../errors.ts'
import { isOperatorDoc } from '../query/match.ts'
import { isEqual } from '../values/order.ts'
import { type Doc, isDoc } from '../values/types.ts'
import { changeAt } from './paths.ts'
import type { Update } from './update.ts'

/**
 * The document an upsert inserts: the equalities of the filter, then the update on top.
 * A replacement takes only the `_id` from the filter.
 */
export function upsertedDoc(filter: Doc, { apply, replacing }: Update): Doc {
  const known = equalities(filter).filter(([path]) => !replacing || path === '_id')
  const seed = known.reduce<unknown>((doc, [path, value]) => {
    const change = (current: unknown) => {
      if (current === undefined || isEqual(current, value)) return value
      throw new CommandError(54, `cannot infer query fields to set, path '${path}' is matched twice`)
    }
    return changeAt(doc, path.split('.'), change, new Map())
  }, {})
  const { _id = new ObjectId(), ...rest } = apply(seed as Doc, true)
  return { _id, ...rest }
}

/** MongoDB refuses `$expr` in the filter of an upsert (224), whether it matches or not. */
export function refuseExpression(filter: Doc): void {
  for (const [field, condition] of Object.entries(filter)) {
    if (field === '$expr')
      throw new CommandError(224, '$expr is not allowed in the query predicate for an upsert')
    if (field.startsWith('$') && Array.isArray(condition)) condition.filter(isDoc).forEach(refuseExpression)
  }
}

function equalities(filter: Doc): [path: string, value: unknown][] {
  return Object.entries(filter).flatMap(([field, condition]): [string, unknown][] => {
    const parts: Doc[] = field.startsWith('$') && Array.isArray(condition) ? condition.filter(isDoc) : []
    if (field === '$and' || (field === '$or' && parts.length === 1)) return parts.flatMap(equalities)
    if (field.startsWith('$') || condition instanceof BSONRegExp) return []
    if (!isOperatorDoc(condition)) return [[field, condition]]
    const only: unknown = '$eq' in condition ? [condition.$eq] : (condition.$in ?? condition.$all)
    return Array.isArray(only) && only.length === 1 && !isOperatorDoc(only[0]) ? [[field, only[0]]] : []
  })
}
