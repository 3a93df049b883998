import { badValue, CommandError, notImplemented } from '../errors.ts'
import { compileFilter } from '../query/match.ts'
import { isEqual } from '../values/order.ts'
import { type Doc, isDoc } from '../values/types.ts'

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

/** Options that change nothing here: indexes are always built at once, and no storage engine takes settings. */
const WITHOUT_EFFECT = new Set(['v', 'background', 'key', 'name', 'ns', 'comment'])
const PARTIAL_OPERATORS = new Set(['$eq', '$exists', '$gt', '$gte', '$lt', '$lte', '$type', '$in'])
export const TEXT_LANGUAGES = new Set(['english', 'en', 'none'])

/** Checks what `createIndexes` was given and completes it; what is not offered is refused (67, 197, 238). */
export function normaliseSpec(given: unknown): IndexSpec {
  if (!isDoc(given) || !isDoc(given.key) || Object.keys(given.key).length === 0) {
    throw new CommandError(67, 'Index keys cannot be empty.')
  }
  const text = Object.values(given.key).includes('text')
  const spec: IndexSpec = { v: 2, key: given.key, name: nameOf(given) }
  for (const [option, value] of Object.entries(given)) {
    if (!WITHOUT_EFFECT.has(option)) readOption(spec, option, value)
  }
  if (spec.sparse && spec.partialFilterExpression) {
    throw new CommandError(67, 'cannot mix "partialFilterExpression" and "sparse" options')
  }
  if (text) return completeText(spec, given.key)
  for (const [path, direction] of Object.entries(given.key)) checkField(path, direction)
  if (isEqual(spec.key, ID_INDEX.key)) return ID_INDEX
  if (spec.expireAfterSeconds !== undefined && Object.keys(spec.key).length > 1) {
    throw new CommandError(67, 'TTL indexes are single-field indexes, compound indexes do not support TTL.')
  }
  return spec
}

function nameOf({ name, key }: Doc): string {
  if (typeof name === 'string' && name !== '') return name
  return Object.entries(key as Doc)
    .flat()
    .join('_')
}

function checkField(path: string, direction: unknown): void {
  if (typeof direction === 'string') throw notImplemented(`An index of type '${direction}'`)
  if (typeof direction !== 'number' || direction === 0 || !Number.isFinite(direction)) {
    throw new CommandError(
      67,
      `Values in v:2 index key pattern must be numbers or strings, not ${String(direction)}`,
    )
  }
  if (path.includes('$**')) throw notImplemented('A wildcard index')
  if (path.split('.').some((part) => part === '' || part.startsWith('$'))) {
    throw new CommandError(67, `Index key contains an illegal field name: ${path}`)
  }
}

function readOption(spec: IndexSpec, option: string, value: unknown): void {
  switch (option) {
    case 'unique':
    case 'sparse':
      if (value) spec[option] = true
      return
    case 'expireAfterSeconds':
      if (typeof value !== 'number' || value < 0 || !Number.isFinite(value)) {
        throw new CommandError(67, 'TTL index expireAfterSeconds must be a non-negative number')
      }
      spec.expireAfterSeconds = value
      return
    case 'partialFilterExpression':
      spec.partialFilterExpression = checkPartial(value)
      return
    case 'weights':
    case 'default_language':
    case 'language_override':
    case 'textIndexVersion':
      Object.assign(spec, { [option]: value })
      return
    case 'hidden':
    case 'clustered':
      if (value) throw notImplemented(`The index option ${option}`)
      return
    case 'collation':
      if (isDoc(value) && value.locale === 'simple') return
      throw notImplemented('The index option collation')
  }
  throw new CommandError(197, `The field '${option}' is not valid for an index specification.`)
}

function checkPartial(filter: unknown): Doc {
  if (!isDoc(filter)) throw new CommandError(67, 'partialFilterExpression must be an object')
  compileFilter(filter)
  for (const [field, condition] of Object.entries(filter)) {
    if (field.startsWith('$')) throw notImplemented(`${field} in a partialFilterExpression`)
    const operators = isDoc(condition) ? Object.keys(condition).filter((name) => name.startsWith('$')) : []
    const unsupported = operators.find((name) => !PARTIAL_OPERATORS.has(name))
    if (unsupported || (isDoc(condition) && condition.$exists === false)) {
      throw new CommandError(
        67,
        `Expression not supported in partial index: ${unsupported ?? '$exists: false'}`,
      )
    }
  }
  return filter
}

function completeText(spec: IndexSpec, key: Doc): IndexSpec {
  const fields = Object.entries(key)
  if (fields.some(([path, kind]) => kind !== 'text' || path.includes('$'))) {
    throw notImplemented('A text index with other fields or over all fields')
  }
  if (spec.unique || spec.expireAfterSeconds !== undefined)
    throw new CommandError(67, 'a text index cannot be unique or expire')
  if (spec.partialFilterExpression) throw notImplemented('A partial text index')
  const { default_language = 'english', language_override = 'language' } = spec
  if (!TEXT_LANGUAGES.has(default_language))
    throw badValue(`default_language ${default_language} is not supported`)
  const weights: Record<string, number> = {}
  for (const [path] of fields) weights[path] = spec.weights?.[path] ?? 1
  for (const [path, weight] of Object.entries(spec.weights ?? {})) weights[path] = weight
  if (!Object.values(weights).every((weight) => Number.isFinite(weight) && weight > 0 && weight < 100_000)) {
    throw new CommandError(67, 'text index weight must be in the exclusive interval (0,100000)')
  }
  return {
    ...spec,
    key: { _fts: 'text', _ftsx: 1 },
    weights: Object.fromEntries(Object.entries(weights).sort(([a], [b]) => (a < b ? -1 : 1))),
    default_language,
    language_override,
    textIndexVersion: 3,
  }
}
