import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Connection, createConnection, type mongo } from 'mongoose'
import { startEmbeddedMongo } from '../../embedded/mongo/start.ts'

export type Document = mongo.Document
export type Collection = mongo.Collection<Document>

/** True when the suite runs on the engine `MONGODB_URI` names instead of the embedded one. */
export const onRealEngine = process.env.MONGODB_URI !== undefined

/** A directory of its own, removed by `remove`. */
export async function temporaryDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'kura-embedded-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** The URI with a database name put in. */
export function withDatabase(uri: string, name: string): string {
  const url = new URL(uri)
  url.pathname = `/${name}`
  return url.href
}

/** The path of the Unix socket that a URI names. */
export const socketOf = (uri: string) => decodeURIComponent(new URL(uri).hostname)

/** A connection to an empty database of its own, dropped and closed by `close`. */
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
