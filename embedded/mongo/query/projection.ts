import { CommandError } from '../errors.ts'
import { type Doc, isDoc } from '../values/types.ts'
import { compileExpression, type Evaluator } from './expression.ts'
import { isOperatorDoc } from './match.ts'
import { type ArrayProjection, arrayProjection, positional } from './projection-arrays.ts'
import { assign, exclude, include, keepShape, plant, replaceValue, type Tree } from './projection-tree.ts'
import { keepScore } from './score.ts'

interface Spec {
  mode: 'include' | 'exclude' | undefined
  tree: Tree
  computed: [string[], Evaluator][]
  arrays: [string[], ArrayProjection][]
  keepId: boolean | undefined
}

export interface ProjectionOptions {
  /** `find` knows `$slice`, `$elemMatch` and the positional `$`; `$project` does not. */
  filter?: Doc
  variables?: Doc
}

/** Compiles a projection of `find` or `$project` into a function that makes the projected copy. */
export function compileProjection(projection: Doc, options: ProjectionOptions = {}): (doc: Doc) => Doc {
  const spec: Spec = { mode: undefined, tree: {}, computed: [], arrays: [], keepId: undefined }
  for (const [path, value] of Object.entries(projection)) read(spec, path, value, options)
  const inArrays = spec.arrays.length > 0
  const metaOnly =
    options.filter !== undefined && Object.values(projection).every((v) => isDoc(v) && '$meta' in v)
  const including = spec.mode === 'include' || (!spec.mode && spec.computed.length > 0 && !metaOnly)
  const idOnly = spec.keepId === true && Object.keys(projection).length === 1
  const mode =
    spec.mode ?? (including || idOnly || (inArrays && spec.keepId === true) ? 'include' : 'exclude')
  if (mode === 'include' && spec.keepId !== false) plant(spec.tree, ['_id'])
  if (mode === 'exclude' && spec.keepId === false) plant(spec.tree, ['_id'])
  if (mode === 'include') for (const [path] of spec.arrays) plant(spec.tree, path)
  const computesId = spec.computed.some(([path]) => path[0] === '_id')
  return (doc) => {
    const result = mode === 'include' ? include(doc, spec.tree) : exclude(doc, spec.tree)
    for (const [path, project] of spec.arrays) replaceValue(result, path, (value) => project(value, doc))
    for (const [path, evaluate] of spec.computed) {
      if (mode === 'include') keepShape(doc, result, path)
      assign(result, path, evaluate(doc))
    }
    return keepScore(doc, computesId && '_id' in result ? { _id: result._id, ...result } : result)
  }
}

function read(spec: Spec, path: string, value: unknown, options: ProjectionOptions): void {
  const parts = path.split('.')
  if (parts.some((part) => part === ''))
    throw new CommandError(40353, 'FieldPath must not contain empty field names')
  if (options.filter && parts.at(-1) === '$') {
    spec.arrays.push([parts.slice(0, -1), positional(parts.slice(0, -1).join('.'), options.filter)])
    setMode(spec, 'include', path)
    return
  }
  if (parts.some((part) => part.startsWith('$'))) {
    throw new CommandError(
      16410,
      `FieldPath field names may not start with '$'. Consider using $getField or $setField: ${path}`,
    )
  }
  if (typeof value === 'number' || typeof value === 'boolean') {
    const wanted = Boolean(value)
    if (path === '_id') {
      spec.keepId = wanted
      return
    }
    setMode(spec, wanted ? 'include' : 'exclude', path)
    plant(spec.tree, parts)
    return
  }
  if (isOperatorDoc(value)) {
    const array = options.filter ? arrayProjection(path, value) : undefined
    if (array) {
      spec.arrays.push([parts, array])
      if ('$elemMatch' in value) setMode(spec, 'include', path)
      return
    }
  } else if (isDoc(value)) {
    if (Object.keys(value).length === 0)
      throw new CommandError(51270, 'An empty sub-projection is not a valid value')
    for (const [field, inner] of Object.entries(value)) read(spec, `${path}.${field}`, inner, options)
    return
  }
  if (path === '_id') spec.keepId = false
  spec.computed.push([parts, compileExpression(value, options.variables)])
  if (!(isDoc(value) && '$meta' in value)) setMode(spec, 'include', path)
}

function setMode(spec: Spec, mode: 'include' | 'exclude', path: string): void {
  if (spec.mode && spec.mode !== mode) {
    throw mode === 'include'
      ? new CommandError(31253, `Cannot do inclusion on field ${path} in exclusion projection`)
      : new CommandError(31254, `Cannot do exclusion on field ${path} in inclusion projection`)
  }
  spec.mode = mode
}
