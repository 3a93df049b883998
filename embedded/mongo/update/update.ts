import { compileUpdatePipeline } from '../aggregate/update-pipeline.ts'
import { CommandError, failedToParse } from '../errors.ts'
import { positionOf } from '../query/position.ts'
import { isEqual } from '../values/order.ts'
import { type Doc, isDoc } from '../values/types.ts'
import { Draft } from './draft.ts'
import { changeOf, pathsOf } from './operators.ts'
import { expandPath, parseArrayFilters } from './paths.ts'

/** Makes the changed document; the very same object when there is nothing to change. */
export type Updater = (doc: Doc, inserting?: boolean) => Doc

export interface UpdateOptions {
  /** The filter that found the document: the positional `$` refers to it. */
  filter: Doc
  arrayFilters?: unknown
  variables?: Doc
}

/** Compiles a replacement, a document of operators or a pipeline. Everything wrong in it is refused here. */
export function compileUpdate(update: unknown, options: UpdateOptions): Updater {
  if (Array.isArray(update)) return keepingId(compileUpdatePipeline(update, options.variables))
  if (!isDoc(update)) throw failedToParse('Update argument must be either an object or an array')
  return isReplacement(update) ? keepingId(() => update) : keepingId(compileOperators(update, options), true)
}

/** True for a whole document instead of a document of operators; a mixture is refused (9, 52). */
export function isReplacement(update: Doc): boolean {
  const dollars = Object.keys(update).filter((field) => field.startsWith('$'))
  if (dollars.length === 0) return true
  if (dollars.length === Object.keys(update).length) return false
  const operatorsFirst = Object.keys(update)[0]?.startsWith('$')
  const stray = Object.keys(update).find((field) => !field.startsWith('$')) ?? ''
  throw operatorsFirst
    ? failedToParse(
        `Unknown modifier: ${stray}. Expected a valid update modifier or pipeline-style update specified as an array`,
      )
    : new CommandError(
        52,
        `The dollar ($) prefixed field '${dollars[0]}' in '${dollars[0]}' is not allowed in the context of an update's replacement document.`,
      )
}

/** The `_id` stays, and stays first; an update to another one is refused (66). Whole documents may leave it out. */
function keepingId(updater: Updater, givesId = false): Updater {
  return (doc, inserting) => {
    const result = updater(doc, inserting)
    if (result === doc || doc._id === undefined) return result
    const removed = !Object.hasOwn(result, '_id')
    if (removed && !givesId) return settle(doc, { _id: doc._id, ...result })
    if (removed || !isEqual(result._id, doc._id)) {
      throw new CommandError(
        66,
        "Performing an update on the path '_id' would modify the immutable field '_id'",
      )
    }
    return settle(doc, Object.keys(result)[0] === '_id' ? result : { _id: doc._id, ...result })
  }
}

const settle = (before: Doc, after: Doc) => (isEqual(before, after) ? before : after)

function compileOperators(update: Doc, { filter, arrayFilters }: UpdateOptions): Updater {
  const changes = Object.entries(update).flatMap(([operator, fields]) => {
    if (!isDoc(fields)) {
      throw failedToParse(
        `Modifiers operate on fields but we found type ${typeof fields} instead. For example: {$mod: {<field>: ...}} not {${operator}: ${JSON.stringify(fields)}}`,
      )
    }
    return Object.entries(fields).map(([path, operand]) => ({
      operator,
      path,
      change: changeOf(operator, path, operand),
    }))
  })
  const paths = Object.entries(update).flatMap(([operator, fields]) => pathsOf(operator, fields as Doc))
  refuseConflicts(paths)
  const filters = parseArrayFilters(arrayFilters, paths)
  const ordered = changes.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
  return (doc, inserting = false) => {
    const draft = new Draft(doc)
    const positional = (list: string) => positionOf(filter, list)?.(doc)
    for (const { operator, path, change } of ordered) {
      if (operator === '$setOnInsert' && !inserting) continue
      for (const concrete of expandPath(draft.doc, path, filters, positional)) change(draft, concrete)
    }
    return draft.doc
  }
}

function refuseConflicts(paths: readonly string[]): void {
  const sorted = paths.toSorted()
  for (const [i, path] of sorted.entries()) {
    const other = sorted.slice(i + 1).find((next) => next === path || next.startsWith(`${path}.`))
    if (other) throw new CommandError(40, `Updating the path '${other}' would create a conflict at '${path}'`)
  }
}
