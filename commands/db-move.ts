/**
 * `npm run db:move -- MONGODB_URI`: moves everything from the database in DATA_DIR to another one, while the service is
 * stopped. Without an argument, the new database is that of the variable MONGODB_URI; with `mongod`, it is that of
 * KURA_MONGOD. Can be repeated when it was interrupted. The old database is kept, but no service starts on it.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ConnectionString } from 'mongodb-connection-string-url'
import { mongo } from 'mongoose'
import { MoveError, moveDatabase } from '../app/backup/move-database.ts'
import { connectDatabase, DATABASE, databaseName, disconnectDatabase } from '../app/lifecycle/database.ts'
import { NEWEST_VERSION } from '../app/maintenance/migrations/migrations.ts'
import type { Config } from '../config/env.ts'
import {
  type LocalDatabase,
  markMoved,
  movedTo,
  openLocalDatabase,
  openMongodDatabase,
} from '../embedded/local-database.ts'
import { readArguments, runWithConfig, UsageError } from './run-command.ts'

/** The argument that names the database of KURA_MONGOD. */
const MONGOD = 'mongod'
const USAGE = 'Name the new database: npm run db:move -- MONGODB_URI'

const [argument] = process.argv.slice(2)

function readVariables(): Record<string, string> {
  readArguments(USAGE, {}, 1, 0)
  return argument === undefined || argument === MONGOD ? {} : { MONGODB_URI: argument }
}

await runWithConfig(async (config) => {
  if (!argument && !config.database.uri) throw new UsageError(USAGE)
  const source = await openSource(config.database)
  try {
    if (argument === MONGOD) {
      const target = await openMongodDatabase(config.database)
      return await move(config, source, target.uri, `the mongod in ${config.database.mongod.dir}`).finally(
        target.close,
      )
    }
    const uri = String(config.database.uri)
    return await move(config, source, uri, withoutSecrets(uri))
  } finally {
    await source.close()
  }
}, readVariables)

/** Opens the database in DATA_DIR for this process alone. @throws MoveError */
async function openSource(database: Config['database']): Promise<LocalDatabase> {
  const { dir, mongod } = database
  const sources = argument === MONGOD ? { dir, mongod: { ...mongod, setting: 'off' } } : database
  if (!existsSync(join(dir, 'data')) && (argument === MONGOD || !existsSync(join(mongod.dir, 'data'))))
    throw new MoveError(`There is no database in ${dir}. Check DATA_DIR.`)
  try {
    return await openLocalDatabase(sources, { forMove: true })
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'DirectoryInUse') throw error
    throw new MoveError(`Stop the service first: ${error.message}.`, { cause: error })
  }
}

async function move(
  config: Config,
  { dir, uri }: LocalDatabase,
  target: string,
  name: string,
): Promise<string> {
  const client = new mongo.MongoClient(uri)
  await connectDatabase(target, databaseName(target), { unfinishedMove: true })
  try {
    const { collections, documents, schemaVersion } = await moveDatabase({
      source: client.db(DATABASE),
      moved: await movedTo(dir),
      targetName: name,
      report: (line) => process.stderr.write(`${line}\n`),
      markMoved: () => markMoved(dir, { to: name, at: new Date().toISOString() }),
    })
    return [
      `${documents} documents of ${collections} collections were moved to ${name}. Counts and checksums agree.`,
      ...nextSteps(config, schemaVersion),
      `The old database stays in ${dir}. The service does not start on it; delete it when you no longer need it.`,
    ].join('\n')
  } finally {
    await disconnectDatabase()
    await client.close()
  }
}

function nextSteps({ dataDir, storage, auth }: Config, schemaVersion: number): string[] {
  return [
    argument === MONGOD
      ? 'Next: start the service. It uses this mongod from now on.'
      : 'Next: set MONGODB_URI to that database, then start the service.',
    ...(schemaVersion < NEWEST_VERSION ? ['In production, run `npm run db:migrate` before.'] : []),
    ...(storage.s3 ? [] : [`The files stay in ${storage.dir}: keep DATA_DIR as it is.`]),
    ...(auth.secrets
      ? []
      : [`Production needs JWT_SECRET too: the present one is in ${join(dataDir, 'jwt-secret')}.`]),
  ]
}

/** Returns hosts and name of a database. */
function withoutSecrets(uri: string): string {
  const { protocol, hosts } = new ConnectionString(uri)
  return `${protocol}//${hosts.join(',')}/${databaseName(uri)}`
}
