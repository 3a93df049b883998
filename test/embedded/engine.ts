import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Connection, createConnection, type mongo } from 'mongoose'
import { startEmbeddedMongo } from '../../embedded/mongo/start.ts'

export type Document = mongo.Document
export type Collection = mongo.Collection<Document>

/** Whether the tests run on the database of `MONGODB_URI` instead of the embedded one. */
export const onRealEngine = process.env.MONGODB_URI !== undefined

/** Creates a temporary directory. `remove` deletes it. */
export async function temporaryDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'kura-embedded-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** Returns the URI with the given database name. */
export function withDatabase(uri: string, name: string): string {
  const url = new URL(uri)
  url.pathname = `/${name}`
  return url.href
}

/** Returns the path of the Unix socket in a URI. */
export const socketOf = (uri: string) => decodeURIComponent(new URL(uri).hostname)

/** Connects to a new, empty database. `close` drops it and disconnects. */
export async function openDatabase(): Promise<{ connection: Connection; close(): Promise<void> }> {
  const directory = onRealEngine ? undefined : await temporaryDirectory()
  const server = directory && (await startEmbeddedMongo({ dir: directory.path }))
  const uri = server?.uri ?? String(process.env.MONGODB_URI)
  const connection = createConnection(withDatabase(uri, `embedded_${randomUUID().replaceAll('-', '')}`))
  await connection.asPromise()
  return {
    connection,
    close: async () => {
      await connection.dropDatabase()
      await connection.close()
      await server?.close()
      await directory?.remove()
    },
  }
}
