import { CommandError } from '../errors.ts'
import type { Catalog } from '../storage/catalog.ts'
import type { Collection } from '../storage/collection.ts'
import { type Doc, isDoc } from '../values/types.ts'
import type { Cursors } from './cursors.ts'

/** State that all commands share. */
export interface Engine {
  catalog: Catalog
  cursors: Cursors
  /** Random id of this server. Distinguishes it from a later server on the same socket. */
  instance: string
}

/** One received command. Its name is the first field of the body. */
export interface Call {
  name: string
  body: Doc
  database: string
  connection: number
}

export interface Command {
  /** Body fields of this command, besides its name and the common fields. Other fields are refused, unless this is `any`. */
  fields: readonly string[] | 'any'
  /** Runs synchronously if it writes. The reply is sent after its writes are committed. */
  run(call: Call, engine: Engine): Doc | Promise<Doc>
}

/** Returns the collection that a command names in its first field, or undefined if it does not exist. */
export const collectionOf = (call: Call, { catalog }: Engine): Collection | undefined =>
  catalog.find(call.database, collectionName(call))

export const collectionName = ({ name, body }: Call): string => String(body[name])

const wrongType = (name: string, wanted: string) =>
  new CommandError(14, `BSON field '${name}' is the wrong type, expected type '${wanted}'`)

export function docOf(value: unknown, name: string): Doc {
  if (value === undefined || value === null) return {}
  if (isDoc(value)) return value
  throw wrongType(name, 'object')
}

export function docsOf(value: unknown, name: string): Doc[] {
  if (Array.isArray(value) && value.every(isDoc)) return value
  throw wrongType(name, 'array')
}

export function numberOf(value: unknown, name: string): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || !Number.isFinite(value)) throw wrongType(name, 'number')
  if (value < 0)
    throw new CommandError(51024, `BSON field '${name}' value must be >= 0, actual value '${value}'`)
  return Math.trunc(value)
}

export function textOf(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  throw wrongType(name, 'string')
}

/**
 * Refuses unknown fields, because ignoring an option would give wrong results.
 *
 * @throws 40415 for an unknown field
 */
export function refuseUnknownFields(doc: Doc, known: readonly string[], what: string): void {
  const unknownField = Object.keys(doc).find((field) => !known.includes(field))
  if (unknownField !== undefined)
    throw new CommandError(40415, `BSON field '${what}.${unknownField}' is an unknown field.`)
}
