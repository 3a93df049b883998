import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mongoose from 'mongoose'
import type { AssetContext } from '../../../app/context.ts'
import { withContext } from '../../../commands/with-context.ts'
import { loadConfig } from '../../../config/env.ts'
import { startEmbeddedMongo } from '../../../embedded/mongo/start.ts'
import { withDatabase } from '../../embedded/engine.ts'
import { makeBucket } from '../s3/bucket.ts'

/** A folder, a database and a store for one run. The environment can name a real database and bucket. */
interface Ground {
  /** The environment variables of a service that uses it. */
  env: Record<string, string>
  /** Description for the report. */
  description: string
  /** Runs `work` on database and store while no service runs, then removes both. */
  end<T>(work: (context: AssetContext) => Promise<T>): Promise<T>
  /** Removes the folder. */
  remove(): Promise<void>
}

export async function makeGround(): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'kura-kill-'))
  const bucket = await makeBucket()
  const { MONGODB_URI } = process.env
  const env = {
    ...bucket?.env,
    ...(MONGODB_URI && {
      MONGODB_URI: withDatabase(MONGODB_URI, `kura-kill-${randomBytes(6).toString('hex')}`),
    }),
    DATA_DIR: folder,
  }
  return {
    env,
    description: `${MONGODB_URI ? 'MONGODB_URI' : 'the embedded database'} and ${bucket ? 'a bucket' : 'the disk'}`,
    async end(work) {
      const config = loadConfig(env)
      const { uri, dir } = config.database
      const embedded = uri ? null : await startEmbeddedMongo({ dir })
      return withContext(uri ?? String(embedded?.uri), config, async (context) => {
        const result = await work(context)
        await mongoose.connection.dropDatabase()
        await bucket?.remove(context.store)
        return result
      }).finally(() => embedded?.close())
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
