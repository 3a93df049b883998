import { CommandError, notImplemented } from '../errors.ts'
import { type Doc, isDoc, setField } from '../values/types.ts'
import { compileExpression, type Evaluator } from './expression.ts'

/** The paths of a projection as a tree; null marks the end of a path. */
type Tree = Map<string, Tree | null>

interface Spec {
  mode: 'include' | 'exclude' | undefined
  tree: Tree
  computed: [field: string, evaluate: Evaluator][]
}

/**
 * Compiles a projection to a function that returns a copy of a document. A projection includes or excludes fields, and
 * adds computed fields. With `metaKeepsAll`, as in `find`, a projection of `$meta` only keeps all other fields.
 */
export function compileProjection(projection: Doc, { metaKeepsAll = false } = {}): (doc: Doc) => Doc {
  if (Object.keys(projection).length === 0) return (doc) => doc
  const { _id, ...fields } = projection
  if (_id !== undefined && typeof _id !== 'number' && typeof _id !== 'boolean')
    throw notImplemented('A computed _id')
  const spec: Spec = { mode: undefined, tree: new Map(), computed: [] }
  for (const [path, value] of Object.entries(fields)) readField(spec, path, value)
  const all = metaKeepsAll && Object.values(fields).every((value) => isDoc(value) && '$meta' in value)
  const { mode = (spec.computed.length > 0 && !all) || _id ? 'include' : 'exclude', tree, computed } = spec
  if ((mode === 'include') === Boolean(_id ?? true)) tree.set('_id', null)
  return (doc) => {
    const result = projectValue(doc, tree, mode === 'include') as Doc
    for (const [field, evaluate] of computed) {
      const value = evaluate(doc)
      if (value !== undefined) result[field] = value
    }
    return result
  }
}

function readField(spec: Spec, path: string, value: unknown): void {
  const parts = path.split('.')
  if (parts.includes('')) throw new CommandError(40353, 'FieldPath must not contain empty field names')
  if (path.includes('$')) throw notImplemented(`The projection of ${path}`)
  const listed = typeof value === 'number' || typeof value === 'boolean'
  const mode = value || !listed ? 'include' : 'exclude'
  if (listed || !(isDoc(value) && '$meta' in value)) setMode(spec, mode, path)
  if (listed) addPath(spec.tree, parts)
  else if (parts.length === 1) spec.computed.push([path, compileExpression(value)])
  else throw notImplemented(`Computing ${path} inside of a document`)
}

function setMode(spec: Spec, mode: 'include' | 'exclude', path: string): void {
  if (spec.mode && spec.mode !== mode) {
    throw mode === 'include'
      ? new CommandError(31253, `Cannot do inclusion on field ${path} in exclusion projection`)
      : new CommandError(31254, `Cannot do exclusion on field ${path} in inclusion projection`)
  }
  spec.mode = mode
}

/**
 * Adds a path to the tree.
 *
 * @throws 31249 if one path contains another
 */
function addPath(tree: Tree, [field = '', ...rest]: string[]): void {
  const branch = tree.get(field)
  if (branch === null || (branch && rest.length === 0)) {
    throw new CommandError(31249, `Path collision at ${[field, ...rest].join('.')}`)
  }
  const next: Tree | null = rest.length === 0 ? null : (branch ?? new Map())
  tree.set(field, next)
  if (next) addPath(next, rest)
}

/** Includes or excludes the paths of the tree, in every element of an array. Including omits scalars on the way to a path. */
function projectValue(value: unknown, tree: Tree, keep: boolean): unknown {
  if (Array.isArray(value))
    return value
      .map((element) => projectValue(element, tree, keep))
      .filter((element) => element !== undefined)
  if (!isDoc(value)) return keep ? undefined : value
  const result: Doc = {}
  for (const field of Object.keys(value)) {
    const branch = tree.get(field)
    const isKept = branch ? true : (branch === null) === keep
    if (!isKept) continue
    const picked = branch ? projectValue(value[field], branch, keep) : value[field]
    if (!branch || picked !== undefined) setField(result, field, picked)
  }
  return result
}
