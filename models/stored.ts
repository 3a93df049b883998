import type { InferRawDocType } from 'mongoose'

type Nullable<Definition> = {
  [Name in keyof Definition]: Definition[Name] extends { default: null } ? Name : never
}[keyof Definition]

type Raw<Definition> = InferRawDocType<Definition>

/**
 * The type of a stored document, inferred from the definition of its fields. A field whose default is null is `null`
 * where it has no value; Mongoose infers that it can be missing too.
 */
export type Stored<Definition> = Omit<Raw<Definition>, Nullable<Definition>> & {
  [Name in Nullable<Definition> & keyof Raw<Definition>]: Exclude<Raw<Definition>[Name], undefined> | null
}
