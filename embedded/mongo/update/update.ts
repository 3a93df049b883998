import { CommandError, failedToParse, notImplemented } from '../errors.ts'
import { isEqual } from '../values/order.ts'
import { type Doc, isDoc } from '../values/types.ts'
import { Draft } from './draft.ts'
import { operatorNamed } from './operators.ts'
import { checkPath, expandPath, parseArrayFilters } from './paths.ts'

export interface Update {
  /** It is a whole document, not one of operators. */
  replacing: boolean
  /** Makes the changed document; the very same object when there is nothing to change. */
  apply(doc: Doc, inserting?: boolean): Doc
}

/** Compiles a replacement or a document of operators. Everything wrong in it is refused here. */
export function compileUpdate(update: unknown, arrayFilters: unknown): Update {
  if (Array.isArray(update)) throw notImplemented('An update by a pipeline')
  if (!isDoc(update)) throw failedToParse('Update argument must be an object')
  const replacing = !Object.keys(update)[0]?.startsWith('$')
  if (!replacing) return { replacing, apply: compileOperators(update, arrayFilters) }
  return { replacing, apply: (doc) => replaced(doc, update) }
}

/** The `_id` stays, and stays first. */
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
    const draft = new Draft(doc)
    const steps = ordered
      .filter(({ onlyInserting }) => inserting || !onlyInserting)
      .flatMap(({ path, change }) => expandPath(doc, path, filters).map((parts) => ({ parts, change })))
    refuseConflicts(steps.map(({ parts }) => parts.join('.')))
    for (const { parts, change } of steps) change(draft, parts)
    checkId(doc, draft.doc)
    return draft.doc
  }
}

/** Refuses (40) two changes at one path, or at one path and inside of it. */
function refuseConflicts(paths: readonly string[]): void {
  const known = new Set<string>()
  const refuse = (path: string) => {
    if (known.has(path)) throw new CommandError(40, `Updating the path '${path}' would create a conflict`)
  }
  for (const path of paths) {
    refuse(path)
    known.add(path)
  }
  for (const path of paths)
    for (let dot = path.indexOf('.'); dot > 0; dot = path.indexOf('.', dot + 1)) refuse(path.slice(0, dot))
}
