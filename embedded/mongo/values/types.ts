import { Binary, BSONRegExp, MaxKey, MinKey, ObjectId, Timestamp } from 'bson'
import { notImplemented } from '../errors.ts'

/** A document as it is decoded from BSON. Stored documents are never changed in place. */
export type Doc = { [field: string]: unknown }

/** True for a plain document: not an array, a date or one of the BSON classes. */
export function isDoc(value: unknown): value is Doc {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** The field itself, never something inherited: documents come from outside. */
export const own = (doc: Doc, field: string): unknown => (Object.hasOwn(doc, field) ? doc[field] : undefined)

/** Ranks in the order in which MongoDB sorts values of different types. */
export const Rank = {
  minKey: 1,
  undefined: 2,
  null: 3,
  number: 4,
  string: 5,
  object: 6,
  array: 7,
  binary: 8,
  objectId: 9,
  boolean: 10,
  date: 11,
  timestamp: 12,
  regex: 13,
  maxKey: 14,
} as const
export type Rank = (typeof Rank)[keyof typeof Rank]

/**
 * The rank of a value's type. Numbers are JavaScript numbers: 64-bit integers up to 2^53 are decoded as such,
 * larger ones and Decimal128 would lose digits and are refused (238), as are the types kept for old servers.
 */
export function rankOf(value: unknown): Rank {
  switch (typeof value) {
    case 'string':
      return Rank.string
    case 'number':
      return Rank.number
    case 'boolean':
      return Rank.boolean
    case 'undefined':
      return Rank.undefined
    case 'object':
      if (value === null) return Rank.null
      if (Array.isArray(value)) return Rank.array
      if (value instanceof Date) return Rank.date
      if (value instanceof ObjectId) return Rank.objectId
      if (isDoc(value)) return Rank.object
      return rankOfRare(value)
  }
  throw notImplemented(`A value of type ${typeof value}`)
}

function rankOfRare(value: object): Rank {
  if (value instanceof Binary) return Rank.binary
  if (value instanceof Timestamp) return Rank.timestamp
  if (value instanceof BSONRegExp || value instanceof RegExp) return Rank.regex
  if (value instanceof MinKey) return Rank.minKey
  if (value instanceof MaxKey) return Rank.maxKey
  const name = '_bsontype' in value ? String(value._bsontype) : value.constructor.name
  throw notImplemented(name === 'Long' ? 'A 64-bit integer beyond 2^53' : `The type ${name}`)
}

export const isRegex = (value: unknown): value is BSONRegExp | RegExp =>
  value instanceof BSONRegExp || value instanceof RegExp
