import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mongoose from 'mongoose'
import { withDatabase } from '../../embedded/engine.ts'
import { databaseUri } from './mongo.ts'
import { killAll, runProcess } from './process.ts'

/** Opens a new database and a new folder for processes in production. Call `close` in a hook: it kills the processes. */
export async function openProduction(name: string) {
  const folder = await mkdtemp(join(tmpdir(), `kura-${name}-`))
  const uri = withDatabase(await databaseUri(), `kura-${name}-${randomBytes(6).toString('hex')}`)
  const env: Record<string, string> = {
    NODE_ENV: 'production',
    MONGODB_URI: uri,
    DATA_DIR: join(folder, 'data'),
    JWT_SECRET: 'a-secret-of-this-test-of-32-characters',
  }
  const connection = await mongoose.createConnection(uri).asPromise()
  return {
    env,
    connection,
    /** Runs a command of the folder `commands` to its end. */
    async run(command: string): Promise<[code: unknown, output: string]> {
      const { ended, output } = runProcess(env, `commands/${command}.ts`)
      return [await ended, output()]
    },
    async close() {
      await killAll()
      await connection.dropDatabase()
      await connection.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export type Production = Awaited<ReturnType<typeof openProduction>>
