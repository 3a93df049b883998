import { CommandError } from '../errors.ts'
import { compileExpression, type Evaluator } from '../query/expression.ts'
import { compileProjection } from '../query/projection.ts'
import { assign } from '../query/projection-tree.ts'
import { keepScore } from '../query/score.ts'
import { valueAt } from '../values/path.ts'
import { type Doc, isDoc } from '../values/types.ts'
import type { Stage } from './stages.ts'

function* mapped(docs: Iterable<Doc>, change: (doc: Doc) => Doc): Iterable<Doc> {
  for (const doc of docs) yield change(doc)
}

export function project(spec: unknown, variables: Doc): Stage {
  if (!isDoc(spec) || Object.keys(spec).length === 0) {
    throw new CommandError(
      51272,
      'Invalid $project :: caused by :: projection specification must have at least one field',
    )
  }
  const change = compileProjection(spec, { variables })
  return (docs) => mapped(docs, change)
}

export function unset(spec: unknown): Stage {
  const fields: unknown[] = Array.isArray(spec) ? spec : [spec]
  if (fields.length === 0 || !fields.every((field) => typeof field === 'string')) {
    throw new CommandError(31002, '$unset specification must be a string or an array')
  }
  const change = compileProjection(Object.fromEntries(fields.map((field) => [field, 0])))
  return (docs) => mapped(docs, change)
}

export function addFields(spec: unknown, variables: Doc): Stage {
  if (!isDoc(spec)) throw new CommandError(40272, '$addFields specification stage must be an object')
  const fields = flatten([], spec, variables)
  return (docs) =>
    mapped(docs, (doc) => {
      const result = { ...doc }
      for (const [path, evaluate] of fields) assign(result, path, evaluate(doc))
      return result
    })
}

/** `{a: {b: expression}}` is `{'a.b': expression}`. */
function flatten(head: string[], spec: Doc, variables: Doc): [string[], Evaluator][] {
  return Object.entries(spec).flatMap(([field, value]): [string[], Evaluator][] => {
    const path = [...head, ...field.split('.')]
    if (path.some((part) => part === '' || part.startsWith('$'))) {
      throw new CommandError(16410, `FieldPath field names may not be empty or start with '$': ${field}`)
    }
    const plain = isDoc(value) && Object.keys(value).length > 0 && !Object.keys(value)[0]?.startsWith('$')
    return plain ? flatten(path, value, variables) : [[path, compileExpression(value, variables)]]
  })
}

export function replaceRoot(expression: unknown, variables: Doc): Stage {
  const evaluate = compileExpression(expression, variables)
  return (docs) =>
    mapped(docs, (doc) => {
      const root = evaluate(doc)
      if (!isDoc(root)) throw new CommandError(40228, "'newRoot' expression must evaluate to an object")
      return keepScore(doc, { ...root })
    })
}

export function unwind(spec: unknown): Stage {
  const options: Doc = isDoc(spec) ? spec : { path: spec }
  const { path, includeArrayIndex, preserveNullAndEmptyArrays = false } = options
  if (typeof path !== 'string' || !path.startsWith('$')) {
    throw new CommandError(28818, "path option to $unwind stage should be prefixed with a '$'")
  }
  if (includeArrayIndex !== undefined && typeof includeArrayIndex !== 'string') {
    throw new CommandError(
      28810,
      'expected a non-empty string for the includeArrayIndex option to $unwind stage',
    )
  }
  const parts = path.slice(1).split('.')
  return function* (docs) {
    for (const doc of docs) {
      const value = valueAt(doc, parts)
      const list: unknown[] = Array.isArray(value)
        ? value
        : value === undefined || value === null
          ? []
          : [value]
      if (list.length === 0 && preserveNullAndEmptyArrays === true) {
        yield unwound(doc, parts, value === null ? null : undefined, null, includeArrayIndex)
      }
      for (const [i, item] of list.entries()) {
        yield unwound(doc, parts, item, Array.isArray(value) ? i : null, includeArrayIndex)
      }
    }
  }
}

function unwound(doc: Doc, parts: string[], item: unknown, index: number | null, indexField?: string): Doc {
  const result = { ...doc }
  assign(result, parts, item)
  if (indexField !== undefined) assign(result, indexField.split('.'), index)
  return result
}
