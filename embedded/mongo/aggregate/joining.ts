import { CommandError } from '../errors.ts'
import { compileExpression } from '../query/expression.ts'
import { assign } from '../query/projection-tree.ts'
import { reach } from '../values/path.ts'
import { type Doc, isDoc, isRegex } from '../values/types.ts'
import { compilePipeline, type Scope, type Stage } from './stages.ts'

export function lookup(spec: unknown, scope: Scope): Stage {
  if (!isDoc(spec)) throw new CommandError(9, 'the $lookup specification must be an Object')
  const { from, localField, foreignField, as, pipeline } = spec
  if (typeof from !== 'string' || typeof as !== 'string') {
    throw new CommandError(9, "$lookup needs 'from' and 'as' strings")
  }
  const byField = typeof localField === 'string' && typeof foreignField === 'string'
  if (!byField && !Array.isArray(pipeline)) {
    throw new CommandError(9, '$lookup requires either localField and foreignField, or a pipeline')
  }
  const lets = Object.entries(isDoc(spec.let) ? spec.let : {}).map(
    ([name, expression]) => [name, compileExpression(expression, scope.variables)] as const,
  )
  const inner: unknown[] = Array.isArray(pipeline) ? pipeline : []
  const known = Object.fromEntries(lets.map(([name]) => [name, null]))
  compilePipeline(inner, { ...scope, variables: { ...scope.variables, ...known } })
  return function* (docs) {
    for (const doc of docs) {
      const filter = byField ? [{ $match: foreignFilter(doc, localField, foreignField) }] : []
      const values = Object.fromEntries(lets.map(([name, evaluate]) => [name, evaluate(doc)]))
      const found = scope.aggregate(from, [...filter, ...inner], { ...scope.variables, ...values })
      const result = { ...doc }
      assign(result, as.split('.'), [...found])
      yield result
    }
  }
}

/** A missing local field joins what lacks the foreign one; of a local array every element joins. */
function foreignFilter(doc: Doc, localField: string, foreignField: string): Doc {
  const values: unknown[] = []
  reach(doc, localField.split('.'), 0, (value) => {
    if (Array.isArray(value)) values.push(...value)
    else values.push(value ?? null)
    return false
  })
  const operands = values.map((value) => (isRegex(value) ? { $eq: value } : value))
  return { [foreignField]: { $in: operands } }
}

export function unionWith(spec: unknown, scope: Scope): Stage {
  const { coll, pipeline = [] } = isDoc(spec) ? spec : { coll: spec }
  if (typeof coll !== 'string' || !Array.isArray(pipeline)) {
    throw new CommandError(9, 'the $unionWith stage specification must be an object or string')
  }
  compilePipeline(pipeline, scope)
  return function* (docs) {
    yield* docs
    yield* scope.aggregate(coll, pipeline, scope.variables)
  }
}

export function facet(spec: unknown, scope: Scope): Stage {
  if (!isDoc(spec) || Object.keys(spec).length === 0) {
    throw new CommandError(40169, 'the $facet specification must be a non-empty object')
  }
  const branches = Object.entries(spec).map(([name, pipeline]) => {
    if (!Array.isArray(pipeline))
      throw new CommandError(40170, `arguments to $facet must be arrays, ${name} is not`)
    return [name, compilePipeline(pipeline, scope)] as const
  })
  return (docs) => {
    const all = [...docs]
    return [Object.fromEntries(branches.map(([name, run]) => [name, [...run(all)]]))]
  }
}
