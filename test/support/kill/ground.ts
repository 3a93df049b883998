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

/** A folder, a database and a bucket of one's own: real ones where the environment names them. */
export interface Ground {
  /** What the configuration needs to use it. */
  env: Record<string, string>
  /** In words. */
  description: string
  /** Does something with what is there, while no service runs, and removes it. */
  end<T>(work: (context: AssetContext) => Promise<T>): Promise<T>
  /** Removes what is local. */
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
