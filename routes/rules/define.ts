import { body, query, type ValidationChain } from 'express-validator'
import type { Meta } from 'express-validator/lib/base.js'
import { AppError } from '../../app/errors.ts'
import { type EmptyFields, Rules } from '../../middleware/rules.ts'

/**
 * Adds the checks of one field to the field's chain. `Value` is the type of the value that passes: if it includes
 * `undefined`, the field can be absent.
 */
export interface Field<Value> {
  (chain: ValidationChain): ValidationChain
  /** Exists for its type only; never set. */
  readonly type?: { value: Value }
}

type Fields = Record<string, Field<unknown>>
type None = Record<never, never>
type ValueOf<F> = F extends Field<infer Value> ? Value : never
type OptionalOf<F extends Fields> = {
  [Name in keyof F]: undefined extends ValueOf<F[Name]> ? Name : never
}[keyof F]
type RequiredAndOptional<F extends Fields> = {
  [Name in Exclude<keyof F, OptionalOf<F>>]: ValueOf<F[Name]>
} & {
  [Name in OptionalOf<F>]?: Exclude<ValueOf<F[Name]>, undefined>
}

/**
 * Flattens the fields into one object type, so that TypeScript refuses the input of other rules even if all fields are
 * optional.
 */
type InputOf<Body extends Fields, Query extends Fields> = {
  [Name in keyof (RequiredAndOptional<Body> & RequiredAndOptional<Query>)]: (RequiredAndOptional<Body> &
    RequiredAndOptional<Query>)[Name]
}

interface Declaration<Body extends Fields, Query extends Fields> {
  body?: Body
  query?: Query
  /** Checks of several fields together. */
  across?: ValidationChain[]
  /** How empty texts in the body are treated. */
  empty?: EmptyFields
  /** Whether unknown fields of the body and the query are ignored instead of refused; default: no. */
  takesOthers?: boolean
}

/** Declares the input of a route or socket operation: its fields, their location, checks and types. */
export const rules = <Body extends Fields = None, Query extends Fields = None>({
  body: inBody,
  query: inQuery,
  across = [],
  empty,
  takesOthers = false,
}: Declaration<Body, Query>): Rules<InputOf<Body, Query>> =>
  new Rules([...chainsOf(inBody, body), ...chainsOf(inQuery, query), ...across], { empty, takesOthers })

const chainsOf = (fields: Fields = {}, create: (name: string) => ValidationChain) =>
  Object.entries(fields).map(([name, field]) => field(create(name)))

/** Returns whether input came as a form. The fields of a form are texts, in JSON they have types. */
export const isForm = ({ req }: Meta): boolean => (req as { isForm?: boolean }).isForm === true

/** A field that can be absent. */
export const optional =
  <Value>(field: Field<Value>): Field<Value | undefined> =>
  (chain) =>
    field(chain.optional())

/** A query parameter that can be absent; an empty one counts as absent. */
export const optionalParameter =
  <Value>(field: Field<Value>): Field<Value | undefined> =>
  (chain) =>
    field(chain.optional().customSanitizer((value) => (value === '' ? undefined : value)))

/** The text that a list is searched for; an empty or blank one counts as absent. */
export const searchParameter = (field: Field<string>): Field<string | undefined> =>
  optionalParameter((chain) =>
    field(chain.customSanitizer((value) => (typeof value === 'string' && !value.trim() ? undefined : value))),
  )

/** A field that can be absent, or null to clear it. */
export const nullable =
  <Value>(field: Field<Value>): Field<Value | null | undefined> =>
  (chain) =>
    field(chain.optional().if((value: unknown) => value !== null))

/** A field that can be absent. Null means the value that a cleared field has. */
export const clearable =
  <Value>(field: Field<Value>, cleared: NoInfer<Value>): Field<Value | undefined> =>
  (chain) =>
    field(chain.optional().customSanitizer((value: unknown) => (value === null ? cleared : value)))

/** A field with one more check, which runs if all others passed. */
export const checked =
  <Value>(
    field: Field<Value>,
    isValid: (value: Value, meta: Meta) => unknown,
    message: string | ((value: unknown, meta: Meta) => string),
  ): Field<Value> =>
  (chain) =>
    field(chain).bail().custom(isValid).withMessage(message)

/** A field with a default value, which is checked like a given one. */
export const withDefault =
  <Value>(field: Field<Value>, value: string): Field<Value> =>
  (chain) =>
    field(chain.default(value))

/**
 * A nested object of fields. Its unknown fields are ignored, because clients of earlier services send back the objects that
 * they have received.
 */
export const objectOf = <Declared extends Fields>(fields: Declared): Field<InputOf<Declared, None>> => {
  const inner = rules({ body: fields, takesOthers: true })
  const valid = new WeakMap<object, object>()
  return (chain) =>
    chain
      .custom((value) => typeof value === 'object' && value !== null && !Array.isArray(value))
      .withMessage('must be an object')
      .bail()
      .custom(async (value: object) => {
        valid.set(value, await inner.validate({ body: value }).catch(refuseNested))
      })
      .bail()
      .customSanitizer((value: object) => valid.get(value))
}

/** Puts the invalid fields of a nested object into the message of the object. */
function refuseNested(error: unknown): never {
  if (!(error instanceof AppError)) throw error
  const faults = error.details.map(({ field, message }) => `${field} ${message}`)
  throw new Error(`has invalid fields: ${faults.join(', ')}`)
}
