import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DirectoryInUse } from './mongo/storage/lock.ts'
import { type Environment, type Mongod, MongodError, mongodOnPath, readMongod } from './mongod/find.ts'
import { readState } from './mongod/state.ts'

/** The local databases of one DATA_DIR, which are used when no MONGODB_URI is set. */
interface LocalDatabases {
  /** Folder of the embedded database. */
  readonly dir: string
  readonly mongod: {
    /** Folder of the database of a `mongod`. */
    readonly dir: string
    /** `KURA_MONGOD`: a path, `off`, or null to look on the PATH. */
    readonly setting: string | null
    readonly environment: Environment
  }
}

export interface LocalDatabase {
  kind: 'embedded' | 'mongod'
  dir: string
  /** URI without a database name. */
  uri: string
  /** One sentence for the operator. */
  description: string
  /** What the operator should know about this choice. */
  notes: string[]
  close(): Promise<void>
}

/** The database was moved to another one, so a service must not start on it. The message is written for operators. */
export class DatabaseMoved extends Error {
  override readonly name = 'DatabaseMoved'
}

interface OpenOptions {
  /** Whether to use the database of a running service instead of refusing it. */
  share?: boolean
  /** Whether to open it exclusively and unchanged: moved databases too, without removing expired documents. */
  forMove?: boolean
  onUnexpectedEnd?: (message: string) => void
}

type Choice = { kind: 'embedded'; notes: string[] } | { kind: 'mongod'; mongod: Mongod; notes: string[] }

/**
 * Opens the local database: that of a `mongod`, if one is configured or installed, else the embedded one.
 *
 * @throws MongodError, DirectoryInUse, DatabaseMoved
 */
export async function openLocalDatabase(
  databases: LocalDatabases,
  options: OpenOptions = {},
): Promise<LocalDatabase> {
  const choice = await choose(databases)
  const { kind, notes } = choice
  const dir = kind === 'embedded' ? databases.dir : databases.mongod.dir
  if (!options.forMove) await refuseMoved(dir)
  const opened = kind === 'embedded' ? openEmbedded(dir, options) : openMongod(choice.mongod, dir, options)
  const description =
    kind === 'embedded'
      ? `Trial storage: an embedded database in ${dir}.`
      : `MongoDB ${choice.mongod.version} (${choice.mongod.path}) in ${dir}.`
  return { kind, dir, description, notes, ...(await opened) }
}

/** Opens the database of the configured or installed `mongod`, also while the embedded one is in use. @throws MongodError */
export async function openMongodDatabase({ mongod: { dir, setting, environment } }: LocalDatabases) {
  const path = setting === 'off' ? null : (setting ?? (await mongodOnPath(environment)))
  if (!path) throw new MongodError('There is no mongod: set KURA_MONGOD to the path of one.')
  return openMongod(await readMongod(path, environment), dir, { forMove: true })
}

async function choose({
  dir,
  mongod: { dir: mongodDir, setting, environment },
}: LocalDatabases): Promise<Choice> {
  const hasMongodData = (await readState(mongodDir)) !== null
  const embedded = (...notes: string[]): Choice => ({ kind: 'embedded', notes })
  if (setting === 'off')
    return hasMongodData
      ? embedded(`KURA_MONGOD is off: the database of a mongod in ${mongodDir} is not used.`)
      : embedded()
  const path = setting ?? (await mongodOnPath(environment))
  if (!path && hasMongodData)
    throw new MongodError(
      `The database in ${mongodDir} needs a mongod, and there is none on the PATH.\n` +
        'Set KURA_MONGOD to the path of one, or KURA_MONGOD=off to use the embedded database instead.',
    )
  if (!path) return embedded()
  const hasEmbeddedData = existsSync(join(dir, 'data'))
  if (hasEmbeddedData && !hasMongodData && !(await movedTo(dir)))
    return embedded(
      `${path} is not used, because the embedded database has data. To take it over, stop the service and run \`npm run db:move -- mongod\`.`,
    )
  try {
    return { kind: 'mongod', mongod: await readMongod(path, environment), notes: [] }
  } catch (error) {
    if (setting || hasMongodData || !(error instanceof MongodError)) throw error
    return embedded(`${error.message} The embedded database is used instead.`)
  }
}

async function openEmbedded(dir: string, { share, forMove }: OpenOptions) {
  const { findRunningMongo, startEmbeddedMongo } = await import('./mongo/start.ts')
  const running = share ? await findRunningMongo(dir) : null
  if (running) return { uri: running, close: async () => undefined }
  return startEmbeddedMongo({ dir, ...(forMove && { ttlSeconds: NEVER_SECONDS }) })
}

/** A day: no command runs so long. */
const NEVER_SECONDS = 86_400

async function openMongod(mongod: Mongod, dir: string, { share, forMove, onUnexpectedEnd }: OpenOptions) {
  const { runningMongodUri, startMongod } = await import('./mongod/start.ts')
  try {
    return await startMongod(mongod, {
      dir,
      removeExpired: !forMove,
      ...(onUnexpectedEnd && { onUnexpectedEnd }),
    })
  } catch (error) {
    if (!share || !(error instanceof DirectoryInUse)) throw error
    return { uri: await runningMongodUri(dir), close: async () => undefined }
  }
}

const MOVED_FILE = 'moved.json'

interface Moved {
  /** The new database, without secrets. */
  to: string
  at: string
}

/** Returns the database to which the database of a folder was moved; null if it was not moved. */
export async function movedTo(dir: string): Promise<Moved | null> {
  try {
    return JSON.parse(await readFile(join(dir, MOVED_FILE), 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** Marks the database of a folder as moved, so that no service starts on it. */
export async function markMoved(dir: string, moved: Moved): Promise<void> {
  await writeFile(join(dir, MOVED_FILE), `${JSON.stringify(moved)}\n`, { mode: 0o600, flush: true })
}

async function refuseMoved(dir: string): Promise<void> {
  const moved = await movedTo(dir)
  if (moved)
    throw new DatabaseMoved(
      `The database in ${dir} was moved to ${moved.to} at ${moved.at}. Set MONGODB_URI to that database.\n` +
        `To use the old one again, without the changes since then, delete ${join(dir, MOVED_FILE)}.`,
    )
}
