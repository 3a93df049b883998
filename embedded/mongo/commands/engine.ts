import type { Cursors } from '../cursors.ts'
import type { Catalog } from '../storage/catalog.ts'
import type { Collection } from '../storage/collection.ts'
import type { Doc } from '../values/types.ts'

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
