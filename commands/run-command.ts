import { type ParseArgsConfig, parseArgs } from 'node:util'
import { config as readDotenv } from 'dotenv'
import { explainCommandError } from '../app/lifecycle/command-error.ts'
import { type Config, loadConfig } from '../config/env.ts'
import { fileVariable } from '../config/file-variables.ts'

/** A command that was called in a wrong way. The message says how to call it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The work of a command. Returns the text to print, and sets `process.exitCode` if the result is not a success. */
type Work<A> = (uri: string, config: Config, given: A) => Promise<string>

/**
 * Runs a command on the database of the service, which can be running, and prints the result. Prints an error to
 * standard error and sets exit code 1.
 *
 * @param read reads the arguments, before the database is opened
 */
export const runCommand = <A>(read: () => A, work: Work<A>): Promise<void> =>
  runWithConfig((config) => {
    const given = read()
    return withDatabase(config.database, (uri) => work(uri, config, given))
  })

/**
 * Runs a command that opens the database itself, with the configuration of the environment. Prints like `runCommand`.
 *
 * @param read reads the arguments. Returns variables that replace those of the environment
 */
export async function runWithConfig(
  work: (config: Config) => Promise<string>,
  read: () => Record<string, string> = () => ({}),
): Promise<void> {
  if (process.env.NODE_ENV !== 'production') readDotenv({ quiet: true })
  let config: Config | null = null
  await print(
    async () => {
      const given = read()
      const files = Object.keys(given).map((name) => [fileVariable(name), undefined])
      config = loadConfig({ ...process.env, ...Object.fromEntries(files), ...given })
      return await work(config)
    },
    () => config,
  )
}

/** Runs a command that needs no configuration. Prints like `runCommand`. */
export const runAlone = (work: () => Promise<string>): Promise<void> => print(work, () => null)

async function print(work: () => Promise<string>, config: () => Config | null): Promise<void> {
  try {
    const text = await work()
    process.stdout.write(`${text}\n`)
  } catch (error) {
    process.stderr.write(`${explainCommandError(error, config())}\n`)
    process.exitCode = 1
  }
}

/**
 * Returns the arguments of the command.
 *
 * @param usage how to call the command
 * @param most how many names the command takes at most
 * @param least how many names it needs
 * @throws UsageError for an unknown option, an empty name, or another number of names
 */
export function readArguments<const O extends NonNullable<ParseArgsConfig['options']>>(
  usage: string,
  options: O,
  most = 0,
  least = most,
) {
  try {
    const parsed = parseArgs({ allowPositionals: most > 0, options })
    const names: readonly string[] = parsed.positionals
    if (names.length >= least && names.length <= most && !names.includes('')) return parsed
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new UsageError(`${error.message.split('.')[0]}. ${usage}`, { cause: error })
  }
  throw new UsageError(usage)
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
