import {
  type FieldValidationError,
  matchedData,
  type ValidationChain,
  validationResult,
} from 'express-validator'
import { type Detail, validationFailed } from '../app/errors.ts'
import { MAX_JSON_DEPTH } from '../config/body-limits.ts'

const LOCATIONS = ['body', 'query'] as const
type Location = (typeof LOCATIONS)[number]

/** Unvalidated fields of a request, a text frame or another transport. */
interface Given {
  body?: unknown
  query?: unknown
  /** Whether the body is a form, whose fields are texts. */
  isForm?: boolean
}

/** How rules treat empty texts in a body. In JSON they are values like others, in a form they mean an absent field. */
export interface EmptyFields {
  /** Fields whose empty text is a value in a form too. */
  keep?: readonly string[]
  /** Whether empty texts mean absent fields in JSON too. For routes of earlier services. */
  dropInJson?: boolean
}

/** Most queries of one route whose valid input is kept. */
const KNOWN_QUERIES = 200
/** Most characters of a query whose valid input is kept. */
const KNOWN_QUERY_LENGTH = 300

/** Returns a short query of strings as a text; null for another one. */
function textOf(query: unknown): string | null {
  const fields = Object.entries(query ?? {})
  if (!fields.every(([, value]) => typeof value === 'string')) return null
  const text = JSON.stringify(fields)
  return text.length <= KNOWN_QUERY_LENGTH ? text : null
}

const TOO_DEEP = `must not be nested more than ${MAX_JSON_DEPTH} levels deep`

/**
 * The rules for the input of one route or socket operation. `Input` is the type of valid input. Every rule is for a
 * whole top-level field of the body or the query. Use `rules` of routes/rules/ to declare them.
 */
export class Rules<Input extends object = object> {
  readonly #checks: { chain: ValidationChain; reads: (given: Given) => boolean }[]
  readonly #known: Record<Location, ReadonlySet<string>>
  readonly #valid = new WeakMap<Given, Input>()
  /** Valid input by its query. Rules of a query depend on nothing else. */
  readonly #ofQuery = new Map<string, Input>()

  /** @param options `takesOthers`: whether unknown fields of the body and the query are ignored instead of refused */
  constructor(
    chains: ValidationChain[],
    private readonly options: { empty?: EmptyFields | undefined; takesOthers?: boolean } = {},
  ) {
    this.#checks = chains.map((chain) => ({ chain, reads: readerOf(chain) }))
    this.#known = { body: fieldsOf(chains, 'body'), query: fieldsOf(chains, 'query') }
  }

  /** Whether a body can have fields. */
  get takesBody(): boolean {
    return this.#known.body.size > 0
  }

  /**
   * Validates input. Unknown fields are refused like invalid ones. All errors are reported together. The same object is
   * validated only once, because sanitizers change its body; a second call returns the same result.
   *
   * @returns the fields that passed
   * @throws validation_failed with a detail for each invalid field
   */
  async validate(given: Given): Promise<Input> {
    const valid = this.#valid.get(given) ?? (await this.#checkOrRecall(given))
    this.#valid.set(given, valid)
    return valid
  }

  /** Checks input that consists of a short query only once, because many requests have the same query. */
  async #checkOrRecall(given: Given): Promise<Input> {
    const query = given.body === undefined ? textOf(given.query) : null
    if (query === null) return this.#check(given)
    const known = this.#ofQuery.get(query)
    if (known) return { ...known }
    const valid = await this.#check(given)
    if (this.#ofQuery.size >= KNOWN_QUERIES) this.#ofQuery.clear()
    // requests share the lists, so none can change them
    for (const value of Object.values(valid)) if (Array.isArray(value)) Object.freeze(value)
    this.#ofQuery.set(query, valid)
    return { ...valid }
  }

  async #check(given: Given): Promise<Input> {
    const { empty, takesOthers = false } = this.options
    if (given.isForm || empty?.dropInJson) dropEmpty(given.body, empty?.keep)
    const body = checkShape('body', given.body, this.#known.body, takesOthers)
    const query = checkShape('query', given.query, this.#known.query, takesOthers)
    // Sanitizers write into their input, which fails on the `req.query` of Express 5, a getter:
    // https://github.com/express-validator/express-validator/issues/1080
    const input = Object.create(given, { body: { value: body.fields }, query: { value: query.fields } })
    for (const { chain, reads } of this.#checks) if (reads(input)) await chain.run(input)
    const details = validationResult(input)
      .array({ onlyFirstError: true })
      .filter((error) => error.type === 'field')
      .filter(({ location, path }) => !(location === 'query' ? query : body).covers(path))
      .map(detailOf)
    const all = [...details, ...body.errors, ...query.errors]
    if (all.length > 0) throw validationFailed(all)
    return matchedData<Input>(input, { locations: [...LOCATIONS], includeOptionals: false })
  }
}

/** Names that no field can have. They are refused, even if they are empty. */
const NEVER_EMPTY = /\[|^__proto__$/

/** Removes empty texts from the fields of a body and of the objects in it, one level deep as in forms. */
function dropEmpty(fields: unknown, keep: readonly string[] = [], depth = 0): void {
  if (!isNested(fields) || Array.isArray(fields)) return
  const own = fields as Record<string, unknown>
  for (const [name, value] of Object.entries(own)) {
    if (keep.includes(name) || NEVER_EMPTY.test(name)) continue
    if (value === '' || isEmptyList(value)) delete own[name]
    else if (depth === 0) dropEmpty(value, keep, 1)
  }
}

/** Returns whether a value is a list of empty texts, as a form sends with several empty fields of one name. */
const isEmptyList = (value: unknown) =>
  Array.isArray(value) && value.length > 0 && value.every((one) => one === '')

/** The type of input that is valid by some rules, as in `Valid<typeof rules.search>`. */
export type Valid<R extends Rules> = Awaited<ReturnType<R['validate']>>

function fieldsOf(chains: ValidationChain[], location: Location): Set<string> {
  const contexts = chains.map(({ builder }) => builder.build())
  return new Set(
    contexts.filter(({ locations }) => locations.includes(location)).flatMap(({ fields }) => fields),
  )
}

export const unknownField = (field: string): Detail => ({ field, message: 'is not a known field' })

interface Shape {
  /** The fields for the rules. */
  fields: unknown
  errors: Detail[]
  /** Whether a field, or the whole location, has an error already. */
  covers(field: string): boolean
}

/**
 * Checks that the fields are an object, are all known (unless others are ignored) and are not nested too deeply.
 * Recursive code, such as `JSON.stringify`, fails on deeply nested values, so the rules get an empty array in their place.
 */
function checkShape(
  location: Location,
  given: unknown,
  known: ReadonlySet<string>,
  takesOthers = false,
): Shape {
  // an array can have 50,000 items, and each would be an unknown field
  if (Array.isArray(given))
    return { fields: {}, errors: [{ field: location, message: 'must be a JSON object' }], covers: () => true }
  const own = Object.entries(given ?? {})
  const others = takesOthers ? [] : own.filter(([field]) => !known.has(field))
  const unknown = others.map(([field]) => unknownField(field))
  const deep = own.filter(([field, value]) => known.has(field) && isDeeper(value, MAX_JSON_DEPTH))
  const tooDeep = Object.fromEntries(deep.map(([field]) => [field, []]))
  return {
    fields: deep.length === 0 ? given : { ...(given as object), ...tooDeep },
    errors: [...deep.map(([field]) => ({ field, message: TOO_DEEP })), ...unknown],
    covers: (field) => field in tooDeep,
  }
}

/** Returns whether a value has more levels. Does not use recursion. */
function isDeeper(value: unknown, levels: number): boolean {
  let level = [value].filter(isNested)
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth === levels) return true
    level = level.flatMap((one) => Object.values(one).filter(isNested))
  }
  return false
}

const isNested = (value: unknown): value is object => typeof value === 'object' && value !== null

/**
 * Returns a function that tells whether a rule has to run on an input: not if its fields are optional and absent.
 * express-validator gives the same result, but took a seventh of the time of a search, which has 17 rules.
 */
function readerOf({ builder }: ValidationChain): (input: Given) => boolean {
  const { fields, locations, optional } = builder.build()
  if (!optional) return () => true
  const places = LOCATIONS.filter((location) => locations.includes(location))
  return (input) => places.some((place) => fields.some((name) => hasField(input[place], name)))
}

const hasField = (fields: unknown, name: string) =>
  typeof fields === 'object' && fields !== null && Object.hasOwn(fields, name)

const detailOf = ({ path, msg }: FieldValidationError): Detail => ({ field: path, message: String(msg) })
