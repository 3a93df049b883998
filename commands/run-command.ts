import { config as readDotenv } from 'dotenv'
import { explainError } from '../app/lifecycle/start-error.ts'
import { type Config, loadConfig } from '../config/env.ts'

/** The work of a command. Returns the text to print, and sets `process.exitCode` if the result is not a success. */
type Work = (uri: string, config: Config) => Promise<string>

/**
 * Runs a command on the database of the service, which can be running, and prints the result. Prints an error to
 * standard error and sets exit code 1.
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

/** Connects to the configured database, or to the running embedded one, or starts the embedded one for this command. */
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
