import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { accessSync, constants, existsSync, realpathSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import {
  findRunningMongo,
  listenPrivately,
  readAddress,
  removeAddress,
  removeSocket,
  uriOf,
  writeAddress,
} from './address.ts'
import type { Engine } from './commands/command.ts'
import { Cursors } from './commands/cursors.ts'
import { findRecords } from './plan/find.ts'
import { Catalog } from './storage/catalog.ts'
import { acquireLock, releaseLock } from './storage/lock.ts'
import { makePrivate } from './storage/make-private.ts'
import { Store, type StoreOptions } from './storage/store.ts'
import { acceptConnections } from './wire/connection.ts'

export { findRunningMongo } from './address.ts'

interface EmbeddedMongoOptions extends Pick<StoreOptions, 'freeBytes'> {
  /** Folder of the data; created if it does not exist. One process can use it at a time. */
  dir: string
  /** Seconds between removals of expired documents and idle cursors. Default: 60, as in MongoDB. */
  ttlSeconds?: number
}

interface EmbeddedMongo {
  /** `mongodb://…mongo.sock/?…`, without a database name. */
  uri: string
  /** Commits all writes, closes all connections and releases the directory. */
  close(): Promise<void>
}

/**
 * Starts the embedded database on a Unix socket, for trials, development and tests. Only the user of this process can
 * open the socket and read the files.
 *
 * @throws DirectoryInUse when another process uses the directory
 */
export async function startEmbeddedMongo(options: EmbeddedMongoOptions): Promise<EmbeddedMongo> {
  const { freeBytes } = options
  makePrivate(options.dir)
  const dir = realpathSync(options.dir)
  // LMDB's own error does not name the folder
  accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK)
  // Data in the temporary directory does not have to survive a restart of the machine.
  const syncToDisk = !dir.startsWith(temporaryFolder() + sep)
  const store = new Store(join(dir, 'data'), { syncToDisk, ...(freeBytes && { freeBytes }) })
  try {
    await acquireLock(store, dir, { answers: async () => (await findRunningMongo(dir)) !== null })
  } catch (error) {
    await store.close()
    throw error
  }
  try {
    return await listen(store, dir, options)
  } catch (error) {
    releaseLock(store, dir)
    await store.close()
    throw error
  }
}

const temporaryFolder = () => (existsSync(tmpdir()) ? realpathSync(tmpdir()) : tmpdir())

async function listen(
  store: Store,
  dir: string,
  { ttlSeconds = 60 }: EmbeddedMongoOptions,
): Promise<EmbeddedMongo> {
  const instance = randomUUID()
  const sockets = new Set<Socket>()
  let resolveEngine: (engine: Engine) => void = () => undefined
  const engineReady = new Promise<Engine>((resolve) => {
    resolveEngine = resolve
  })
  const server = acceptConnections(sockets, engineReady)
  const previous = await readAddress(dir)
  if (previous) removeSocket(previous.socket)
  const path = await listenPrivately(server, dir)
  const stopListening = async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
    removeSocket(path)
    await removeAddress(dir)
  }
  let engine: Engine
  try {
    // Publish the address before loading, which takes time: other processes can now find the owner of the directory.
    await writeAddress(dir, { socket: path, instance })
    makePrivate(dir)
    engine = { catalog: new Catalog(store), cursors: new Cursors(), instance }
  } catch (error) {
    await stopListening()
    throw error
  }
  resolveEngine(engine)
  const timer = setInterval(() => {
    removeExpired(engine.catalog)
    engine.cursors.closeIdle()
  }, ttlSeconds * 1000)
  let closing: Promise<void> | undefined
  const shutDown = async () => {
    clearInterval(timer)
    await stopListening()
    await store.committed()
    releaseLock(store, dir)
    await store.close()
  }
  return {
    uri: uriOf(path),
    close: () => {
      closing ??= shutDown()
      return closing
    },
  }
}

/** Removes the documents that have expired by a TTL index. The earliest date of an array counts. */
function removeExpired(catalog: Catalog, now = Date.now()): void {
  for (const collection of catalog.all()) {
    for (const { spec } of collection.indexes) {
      if (spec.expireAfterSeconds === undefined) continue
      const [field = ''] = Object.keys(spec.key)
      const limit = new Date(now - spec.expireAfterSeconds * 1000)
      const filter = { $and: [spec.partialFilterExpression ?? {}, { [field]: { $lte: limit } }] }
      for (const record of findRecords(collection, filter)) collection.remove(record)
    }
  }
}
