import { Binary, ObjectId } from 'bson'
import { notImplemented } from '../errors.ts'

/** A document decoded from BSON. Stored documents are never changed in place. */
export type Doc = { [field: string]: unknown }

/** Returns true for a plain document, and false for an array, a date or a BSON class. */
export function isDoc(value: unknown): value is Doc {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Returns a field without inherited properties such as `constructor`, because documents are untrusted input. */
export const own = (doc: Doc, field: string): unknown => (Object.hasOwn(doc, field) ? doc[field] : undefined)

/** Sets a field. An assignment to `__proto__` would change the prototype instead. */
export function setField(doc: Doc, field: string, value: unknown): void {
  if (field !== '__proto__') doc[field] = value
  else Object.defineProperty(doc, field, { value, writable: true, enumerable: true, configurable: true })
}

/** Value types by their `$type` names, in MongoDB's sort order. */
export const Rank = {
  undefined: 1,
  null: 2,
  number: 3,
  string: 4,
  object: 5,
  array: 6,
  binData: 7,
  objectId: 8,
  bool: 9,
  date: 10,
} as const
export type Rank = (typeof Rank)[keyof typeof Rank]

/**
 * Returns the rank of a value's type. Numbers are JavaScript numbers; 64-bit integers are converted if they are at most
 * 2^53.
 *
 * @throws 238 for larger integers, Decimal128 and all other types
 */
export function rankOf(value: unknown): Rank {
  switch (typeof value) {
    case 'string':
      return Rank.string
    case 'number':
      return Rank.number
    case 'boolean':
      return Rank.bool
    case 'undefined':
      return Rank.undefined
    case 'object':
      if (value === null) return Rank.null
      if (Array.isArray(value)) return Rank.array
      if (value instanceof Date) return Rank.date
      if (value instanceof ObjectId) return Rank.objectId
      if (value instanceof Binary) return Rank.binData
      if (isDoc(value)) return Rank.object
      throw notImplemented(`The type ${'_bsontype' in value ? value._bsontype : value.constructor.name}`)
  }
  throw notImplemented(`A value of type ${typeof value}`)
}
