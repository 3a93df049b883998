import { config as readDotenv } from 'dotenv'
import { explainError } from '../app/lifecycle/start-error.ts'
import { type Config, loadConfig } from '../config/env.ts'
import { fileVariable } from '../config/file-variables.ts'

/** The work of a command. Returns the text to print, and sets `process.exitCode` if the result is not a success. */
type Work = (uri: string, config: Config) => Promise<string>

/**
 * Runs a command on the database of the service, which can be running, and prints the result. Prints an error to
 * standard error and sets exit code 1.
 */
export const runCommand = (work: Work): Promise<void> =>
  runWithConfig((config) => withDatabase(config.database, (uri) => work(uri, config)))

/**
 * Runs a command that opens the database itself, with the configuration of the environment. The given variables replace
 * those of the environment. Prints like `runCommand`.
 */
export async function runWithConfig(
  work: (config: Config) => Promise<string>,
  given: Record<string, string> = {},
): Promise<void> {
  if (process.env.NODE_ENV !== 'production') readDotenv({ quiet: true })
  try {
    const files = Object.keys(given).map((name) => [fileVariable(name), undefined])
    const text = await work(loadConfig({ ...process.env, ...Object.fromEntries(files), ...given }))
    process.stdout.write(`${text}\n`)
  } catch (error) {
    process.stderr.write(`${explainError(error)}\n`)
    process.exitCode = 1
  }
}

/** Uses the configured database, or the local one: that of a running service, or one opened for this command. */
async function withDatabase(database: Config['database'], work: (uri: string) => Promise<string>) {
  if (database.uri) return work(database.uri)
  const { openLocalDatabase } = await import('../embedded/local-database.ts')
  const local = await openLocalDatabase(database, { share: true })
  try {
    return await work(local.uri)
  } finally {
    await local.close()
  }
}
