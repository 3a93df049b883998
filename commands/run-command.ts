import { config as readDotenv } from 'dotenv'
import { explainError } from '../app/lifecycle/start-error.ts'
import { type Config, loadConfig } from '../config/env.ts'

/** A command's work: prints by returning a text; sets `process.exitCode` where that is not success. */
type Work = (uri: string, config: Config) => Promise<string>

/**
 * Runs a command of an operator on the service's own database, beside the service if that runs, and prints the
 * text it ends with. A failure is told on standard error, with exit code 1.
 */
export async function runCommand(work: Work): Promise<void> {
  if (process.env.NODE_ENV !== 'production') readDotenv({ quiet: true })
  try {
    const config = loadConfig(process.env)
    const text = await withDatabase(config.database, (uri) => work(uri, config))
    process.stdout.write(`${text}\n`)
  } catch (error) {
    process.stderr.write(`${explainError(error)}\n`)
    process.exitCode = 1
  }
}

/** The embedded database is one process's: the running one is used, or else one is started for the while. */
async function withDatabase({ uri, dir }: Config['database'], work: (uri: string) => Promise<string>) {
  if (uri) return work(uri)
  const { findRunningMongo, startEmbeddedMongo } = await import('../embedded/mongo/start.ts')
  const running = await findRunningMongo(dir)
  if (running) return work(running)
  const embedded = await startEmbeddedMongo({ dir })
  try {
    return await work(embedded.uri)
  } finally {
    await embedded.close()
  }
}
