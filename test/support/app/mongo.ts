import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedMongo } from '../../../embedded/mongo/start.ts'

let running: Promise<{ uri: string; close(): Promise<void> }> | undefined

/** Returns the URI of the test database: MONGODB_URI, or one embedded database for all tests of the run. */
export async function databaseUri(): Promise<string> {
  if (process.env.MONGODB_URI) return process.env.MONGODB_URI
  running ??= start()
  return (await running).uri
}

async function start() {
  const dir = await mkdtemp(join(tmpdir(), 'kura-mongo-'))
  const server = await startEmbeddedMongo({ dir })
  return {
    uri: server.uri,
    async close() {
      await server.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

export const mochaHooks = {
  async afterAll() {
    await (await running)?.close()
  },
}
