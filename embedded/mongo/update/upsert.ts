import { ObjectId } from 'bson'
import { CommandError } from '../errors.ts'
import { isOperatorDoc } from '../query/match.ts'
import { isEqual } from '../values/order.ts'
import { type Doc, isDoc, isRegex } from '../values/types.ts'
import { Draft } from './draft.ts'
import type { Updater } from './update.ts'

/**
 * The document an upsert inserts: the equalities of the filter, then the update on top.
 * A replacement takes only the `_id` from the filter.
 */
export function upsertedDoc(filter: Doc, update: Updater, replacing: boolean): Doc {
  const draft = new Draft({})
  for (const [path, value] of equalities(filter)) {
    if (replacing && path !== '_id') continue
    const current = draft.get(path.split('.'))
    if (current !== undefined && !isEqual(current, value)) {
      throw new CommandError(54, `cannot infer query fields to set, path '${path}' is matched twice`)
    }
    draft.set(path.split('.'), value)
  }
  const seed = draft.doc
  const result = update(seed, true)
  const { _id = new ObjectId(), ...rest } = result
  return { _id, ...rest }
}

/** MongoDB refuses `$expr` in the filter of an upsert (224), whether it matches or not. */
export function refuseExpression(filter: Doc): void {
  for (const [field, condition] of Object.entries(filter)) {
    if (field === '$expr') {
      throw new CommandError(224, '$expr is not allowed in the query predicate for an upsert')
    }
    if (field.startsWith('$') && Array.isArray(condition)) condition.filter(isDoc).forEach(refuseExpression)
  }
}

function equalities(filter: Doc): [string, unknown][] {
  return Object.entries(filter).flatMap(([field, condition]): [string, unknown][] => {
    if (field === '$and' && Array.isArray(condition)) return condition.filter(isDoc).flatMap(equalities)
    if (field === '$or' && Array.isArray(condition) && condition.length === 1 && isDoc(condition[0])) {
      return equalities(condition[0])
    }
    if (field.startsWith('$') || isRegex(condition)) return []
    if (!isOperatorDoc(condition)) return [[field, condition]]
    if ('$eq' in condition) return [[field, condition.$eq]]
    const list = condition.$in ?? condition.$all
    return Array.isArray(list) && list.length === 1 && !isRegex(list[0]) && !isOperatorDoc(list[0])
      ? [[field, list[0]]]
      : []
  })
}
