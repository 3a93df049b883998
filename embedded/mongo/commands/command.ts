import { CommandError } from '../errors.ts'
import type { Catalog } from '../storage/catalog.ts'
import type { Collection } from '../storage/collection.ts'
import { type Doc, isDoc } from '../values/types.ts'
import type { Cursors } from './cursors.ts'

/** What commands work on. */
export interface Engine {
  catalog: Catalog
  cursors: Cursors
  /** Tells this server from any other that may listen on its port later. */
  instance: string
}

/** One command as it came in: its name is the first field of the body. */
export interface Call {
  name: string
  body: Doc
  database: string
  connection: number
}

export interface Command {
  /** Fields of the body besides the command's own and the general ones; others are refused. `any`: nothing is. */
  fields: readonly string[] | 'any'
  /** Runs in one synchronous step; the reply is sent when what it wrote is committed. */
  run(call: Call, engine: Engine): Doc
}

/** The collection a command names in its first field; undefined when it does not exist. */
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

/** Refuses (40415) a field that is not among the known ones: an option that would go unnoticed. */
export function refuseOthers(doc: Doc, known: readonly string[], what: string): void {
  const stray = Object.keys(doc).find((field) => !known.includes(field))
  if (stray !== undefined) throw new CommandError(40415, `BSON field '${what}.${stray}' is an unknown field.`)
}
