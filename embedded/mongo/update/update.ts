import { BSONRegExp, ObjectId } from 'bson'
import { CommandError, failedToParse, notImplemented } from '../errors.ts'
import { isOperatorDoc } from '../query/match.ts'
import { isEqual } from '../values/order.ts'
import { type Doc, isDoc } from '../values/types.ts'
import { operatorNamed } from './operators.ts'
import { changeAt, checkPath, parseArrayFilters } from './paths.ts'

export interface Update {
  /** The update replaces the whole document; it has no operators. */
  replacing: boolean
  /** Returns the changed document, or the identical object if nothing changes. */
  apply(doc: Doc, inserting?: boolean): Doc
}

/** Compiles a replacement or a document of operators, and refuses an invalid one. */
export function compileUpdate(update: unknown, arrayFilters: unknown): Update {
  if (Array.isArray(update)) throw notImplemented('An update by a pipeline')
  if (!isDoc(update)) throw failedToParse('Update argument must be an object')
  const replacing = !Object.keys(update)[0]?.startsWith('$')
  if (!replacing) return { replacing, apply: compileOperators(update, arrayFilters) }
  return { replacing, apply: (doc) => replaced(doc, update) }
}

/** Replaces a document. Keeps its `_id` as the first field. */
function replaced(before: Doc, replacement: Doc): Doc {
  if (before._id === undefined) return replacement
  const after = { _id: before._id, ...replacement }
  checkId(before, after)
  return isEqual(before, after) ? before : after
}

function checkId(before: Doc, after: Doc): void {
  if (before._id === undefined || isEqual(after._id, before._id)) return
  throw new CommandError(66, "Performing an update on the path '_id' would modify the immutable field '_id'")
}

function compileOperators(update: Doc, arrayFilters: unknown): Update['apply'] {
  const changes = Object.entries(update).flatMap(([operator, fields]) => {
    const changeBy = operatorNamed(operator)
    if (!isDoc(fields)) throw failedToParse(`Modifiers operate on fields; ${operator} has none`)
    return Object.entries(fields).map(([path, operand]) => {
      checkPath(path)
      return { path, change: changeBy(operand), onlyInserting: operator === '$setOnInsert' }
    })
  })
  const ordered = changes.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const paths = ordered.map(({ path }) => path)
  refuseConflicts(paths)
  const filters = parseArrayFilters(arrayFilters, paths)
  return (doc, inserting = false) => {
    const steps = ordered.filter(({ onlyInserting }) => inserting || !onlyInserting)
    const result = steps.reduce<unknown>(
      (changed, { path, change }) => changeAt(changed, path.split('.'), change, filters),
      doc,
    ) as Doc
    checkId(doc, result)
    return result
  }
}

/**
 * Refuses changes that can overlap: at one path, one inside of another, or at elements that can be the same.
 *
 * @throws 40 for two changes that can overlap
 */
function refuseConflicts(paths: readonly string[]): void {
  const split = paths.map((path) => path.split('.'))
  for (const [i, path] of split.entries()) {
    const other = split.slice(0, i).find((earlier) => canOverlap(earlier, path))
    if (other)
      throw new CommandError(
        40,
        `Updating the path '${paths[i]}' would create a conflict at '${other.join('.')}'`,
      )
  }
}

function canOverlap(one: readonly string[], other: readonly string[]): boolean {
  const fork = one.findIndex((part, i) => part !== other[i])
  return [one[fork], other[fork]].some((part) => part === undefined || part.startsWith('$['))
}

/**
 * Returns the document that an upsert inserts: the equality conditions of the filter, changed by the update. A replacement
 * takes only the `_id` from the filter.
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

/**
 * Refuses `$expr` in the filter of an upsert, as MongoDB does.
 *
 * @throws 224 for `$expr`
 */
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
