import { CommandError, notImplemented } from '../errors.ts'
import { type Interval, indexIntervals, NOT_NULL, typeRange } from '../query/intervals.ts'
import { compileFilter, isOperatorDoc } from '../query/match.ts'
import { rankNamed } from '../query/predicates.ts'
import { isEqual } from '../values/order.ts'
import { type Doc, isDoc, Rank } from '../values/types.ts'

/** An index as `listIndexes` shows it. */
export interface IndexSpec {
  v: 2
  key: Doc
  name: string
  unique?: boolean
  sparse?: boolean
  expireAfterSeconds?: number
  partialFilterExpression?: Doc
  weights?: Record<string, number>
  default_language?: string
  language_override?: string
  textIndexVersion?: 3
}

export const ID_INDEX: IndexSpec = { v: 2, key: { _id: 1 }, name: '_id_' }
export const TEXT_LANGUAGE = 'english'

const refused = (message: string) => new CommandError(67, message)

/** Reads each option. `undefined` omits an option that has no effect here. */
const OPTIONS: Record<string, (value: unknown) => unknown> = {
  unique: (value) => (value ? true : undefined),
  sparse: (value) => (value ? true : undefined),
  expireAfterSeconds: (value) => {
    if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return value
    throw refused('TTL index expireAfterSeconds must be a non-negative number')
  },
  partialFilterExpression: (value) => {
    compileFilter(value)
    if (isDoc(value) && parsePartialFilter(value)) return value
    throw refused(`Expression not supported in partial index: ${JSON.stringify(value)}`)
  },
  weights: (value) => value,
  default_language: (value) => value,
  language_override: (value) => value,
  textIndexVersion: () => undefined,
  v: () => undefined,
  background: () => undefined,
}

/**
 * Checks and completes an index of `createIndexes`.
 *
 * @throws 67 for an invalid index
 * @throws 197 for an unknown option
 * @throws 238 for an index type or option that is not implemented
 */
export function normaliseSpec(given: Doc): IndexSpec {
  const { key, name, ...options } = given
  if (!isDoc(key) || Object.keys(key).length === 0) throw refused('Index keys cannot be empty.')
  const spec: IndexSpec = { v: 2, key, name: String(name ?? Object.entries(key).flat().join('_')) }
  for (const [option, value] of Object.entries(options)) {
    const read = Object.hasOwn(OPTIONS, option) ? OPTIONS[option] : undefined
    if (!read) throw new CommandError(197, `The field '${option}' is not valid for an index specification.`)
    const kept = read(value)
    if (kept !== undefined) Object.assign(spec, { [option]: kept })
  }
  if (Object.values(key).includes('text')) return completeText(spec, key)
  for (const [path, direction] of Object.entries(key)) checkField(path, direction)
  if (isEqual(key, ID_INDEX.key)) return ID_INDEX
  if (spec.sparse && spec.partialFilterExpression)
    throw refused('cannot mix "partialFilterExpression" and "sparse" options')
  if (spec.expireAfterSeconds !== undefined && Object.keys(key).length > 1)
    throw refused('TTL indexes are single-field indexes, compound indexes do not support TTL.')
  return spec
}

function checkField(path: string, direction: unknown): void {
  if (typeof direction === 'string') throw notImplemented(`An index of type '${direction}'`)
  if (path.includes('$**')) throw notImplemented('A wildcard index')
  if (direction !== 1 && direction !== -1)
    throw refused(`Values in an index key pattern must be 1 or -1, not ${String(direction)}`)
  if (path.split('.').some((part) => part === '' || part.startsWith('$')))
    throw refused(`Index key contains an illegal field name: ${path}`)
}

function completeText(spec: IndexSpec, key: Doc): IndexSpec {
  const { v, name, weights: given = {}, default_language = TEXT_LANGUAGE, ...others } = spec
  const { language_override = 'language' } = spec
  if (Object.entries(key).some(([path, kind]) => kind !== 'text' || path.includes('$')))
    throw notImplemented('A text index with other fields or over all fields')
  if (spec.unique || spec.sparse || spec.partialFilterExpression || spec.expireAfterSeconds !== undefined)
    throw notImplemented(`A text index with ${Object.keys(others)}`)
  if (default_language !== TEXT_LANGUAGE) throw notImplemented(`The default_language ${default_language}`)
  const paths = [...new Set([...Object.keys(key), ...Object.keys(given)])].sort()
  const weights = Object.fromEntries(paths.map((path) => [path, given[path] ?? 1]))
  if (!Object.values(weights).every((weight) => Number.isFinite(weight) && weight > 0 && weight < 100_000))
    throw refused('text index weight must be in the exclusive interval (0,100000)')
  return {
    v,
    key: { _fts: 'text', _ftsx: 1 },
    name,
    weights,
    default_language,
    language_override,
    textIndexVersion: 3,
  }
}

/** Condition of a partial index: the allowed intervals of each path. */
export type PartialFilter = ReadonlyMap<string, Interval[]>

/** Reads a partialFilterExpression with one operator for each path. Returns undefined for any other expression. */
export function parsePartialFilter(filter: Doc): PartialFilter | undefined {
  const found = new Map<string, Interval[]>()
  for (const [path, condition] of Object.entries(filter)) {
    const operators = Object.entries(isOperatorDoc(condition) ? condition : { $eq: condition })
    const [intervals, more] = operators.map(([operator, operand]) => allowedIntervals(operator, operand))
    if (path.startsWith('$') || !intervals || more) return undefined
    found.set(path, intervals)
  }
  return found
}

function allowedIntervals(operator: string, operand: unknown): Interval[] | undefined {
  if (operator === '$exists') return operand ? [NOT_NULL] : undefined
  if (operator !== '$type') return indexIntervals(operator, operand)
  const rank = rankNamed(operand)
  return rank === Rank.null || rank === Rank.array ? undefined : [typeRange(rank)]
}
