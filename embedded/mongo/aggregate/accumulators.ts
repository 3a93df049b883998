import { CommandError, notImplemented } from '../errors.ts'
import { average, extreme, total } from '../query/corrections.ts'
import { compileExpression, type Evaluator } from '../query/expression.ts'
import { encode } from '../values/encode.ts'
import { type Doc, isDoc } from '../values/types.ts'

/** Values of one group, in order; missing ones are `undefined`. */
type Accumulator = (values: unknown[]) => unknown

const present = (values: unknown[]) => values.filter((value) => value !== undefined)

function deviation(values: unknown[], sampled: boolean): number | null {
  const numbers = values.filter((value) => typeof value === 'number')
  const degrees = numbers.length - (sampled ? 1 : 0)
  if (degrees < 1) return null
  const mean = total(numbers) / numbers.length
  return Math.sqrt(numbers.reduce((sum, n) => sum + (n - mean) ** 2, 0) / degrees)
}

const ACCUMULATORS: Record<string, Accumulator> = {
  $sum: total,
  $avg: average,
  $min: (values) => extreme(values, -1),
  $max: (values) => extreme(values, 1),
  $first: (values) => values[0] ?? null,
  $last: (values) => values.at(-1) ?? null,
  $push: present,
  $addToSet: (values) => [...new Map(present(values).map((value) => [encode(value), value])).values()],
  $mergeObjects: (values) => Object.assign({}, ...values.filter(isDoc)),
  $stdDevPop: (values) => deviation(values, false),
  $stdDevSamp: (values) => deviation(values, true),
}
const UNSUPPORTED = new Set([
  ...['$accumulator', '$bottom', '$bottomN', '$firstN', '$lastN', '$maxN', '$minN', '$median', '$percentile'],
  ...['$top', '$topN'],
])

/** Compiles the computed fields of `$group`; an unknown accumulator is refused (15952). */
export function compileAccumulators(fields: Doc, variables: Doc): (docs: Doc[]) => Doc {
  const compiled = Object.entries(fields).map(([field, spec]) => compileOne(field, spec, variables))
  return (docs) => Object.fromEntries(compiled.map(({ field, run }) => [field, run(docs)]))
}

function compileOne(
  field: string,
  spec: unknown,
  variables: Doc,
): { field: string; run: (docs: Doc[]) => unknown } {
  if (field.includes('.')) throw new CommandError(40235, `The field name '${field}' cannot contain '.'`)
  const [entry, more] = isDoc(spec) ? Object.entries(spec) : []
  if (!entry) throw new CommandError(40234, `The field '${field}' must be an accumulator object`)
  if (more) throw new CommandError(40238, `The field '${field}' must specify one accumulator`)
  const [name, operand] = entry
  if (UNSUPPORTED.has(name)) throw notImplemented(`The accumulator ${name}`)
  if (name === '$count') return { field, run: (docs) => docs.length }
  const accumulate = Object.hasOwn(ACCUMULATORS, name) ? ACCUMULATORS[name] : undefined
  if (!accumulate) throw new CommandError(15952, `unknown group operator '${name}'`)
  const evaluate: Evaluator = compileExpression(operand, variables)
  return { field, run: (docs) => accumulate(docs.map(evaluate)) }
}
