import { CommandError } from '../errors.ts'
import { type Doc, isDoc, own } from '../values/types.ts'

/** A tree of a projection's paths; `true` marks a path that is named itself. */
export interface Tree {
  [field: string]: Tree | true
}

/** Adds a path; one that lies on another is refused (31249). */
export function plant(tree: Tree, parts: string[]): void {
  const [field = '', ...rest] = parts
  const branch = Object.hasOwn(tree, field) ? tree[field] : undefined
  if (branch === true || (branch !== undefined && rest.length === 0)) {
    throw new CommandError(31249, `Path collision at ${parts.join('.')}`)
  }
  if (rest.length === 0) tree[field] = true
  else {
    const next: Tree = branch ?? {}
    tree[field] = next
    plant(next, rest)
  }
}

const branchOf = (tree: Tree, field: string) => (Object.hasOwn(tree, field) ? tree[field] : undefined)

export function include(doc: Doc, tree: Tree): Doc {
  const result: Doc = {}
  for (const field of Object.keys(doc)) {
    const branch = branchOf(tree, field)
    if (branch === true) result[field] = doc[field]
    else if (branch !== undefined) {
      const value = includeWithin(doc[field], branch)
      if (value !== undefined) result[field] = value
    }
  }
  return result
}

/** Scalars on the way to an included path are left out, also inside arrays. */
function includeWithin(value: unknown, tree: Tree): unknown {
  if (Array.isArray(value))
    return value.map((item) => includeWithin(item, tree)).filter((item) => item !== undefined)
  return isDoc(value) ? include(value, tree) : undefined
}

export function exclude(doc: Doc, tree: Tree): Doc {
  const result: Doc = {}
  for (const field of Object.keys(doc)) {
    const branch = branchOf(tree, field)
    if (branch !== true) result[field] = branch === undefined ? doc[field] : excludeWithin(doc[field], branch)
  }
  return result
}

function excludeWithin(value: unknown, tree: Tree): unknown {
  if (Array.isArray(value)) return value.map((item) => excludeWithin(item, tree))
  return isDoc(value) ? exclude(value, tree) : value
}

/** Prepares a path that is computed inside arrays which the projection itself leaves out: they keep their length. */
export function keepShape(doc: Doc, result: Doc, [field = '', ...rest]: readonly string[]): void {
  if (rest.length === 0 || Object.hasOwn(result, field) || !Object.hasOwn(doc, field)) return
  result[field] = shapeOf(doc[field], rest)
}

function shapeOf(value: unknown, [field = '', ...rest]: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((element) => shapeOf(element, [field, ...rest]))
  return isDoc(value) && rest.length > 0 && Object.hasOwn(value, field)
    ? { [field]: shapeOf(value[field], rest) }
    : {}
}

/** Sets a computed value in a fresh copy, inside every element where an array is on the way. */
export function assign(target: Doc, parts: readonly string[], value: unknown): void {
  const [field = '', ...rest] = parts
  if (rest.length === 0) {
    if (value === undefined) delete target[field]
    else target[field] = value
    return
  }
  const within = (current: unknown): unknown => {
    if (Array.isArray(current)) return current.map(within)
    const copy = isDoc(current) ? { ...current } : {}
    assign(copy, rest, value)
    return copy
  }
  if (value !== undefined || Object.hasOwn(target, field)) target[field] = within(own(target, field))
}

/** Replaces the value at a path, without looking inside arrays. */
export function replaceValue(
  target: Doc,
  parts: readonly string[],
  replace: (value: unknown) => unknown,
): void {
  const [field = '', ...rest] = parts
  if (!Object.hasOwn(target, field)) return
  const value = target[field]
  if (rest.length === 0) assign(target, [field], replace(value))
  else if (isDoc(value)) {
    const copy = { ...value }
    replaceValue(copy, rest, replace)
    target[field] = copy
  }
}
