import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { realpathSync } from 'node:fs'
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
import { Store } from './storage/store.ts'
import { acceptConnections } from './wire/connection.ts'

export { findRunningMongo } from './address.ts'

export interface EmbeddedMongoOptions {
  /** Where the data is kept; made when it is not there. One process at a time. */
  dir: string
  /** How often expired documents are removed and idle cursors closed; 60 as MongoDB does. */
  ttlSeconds?: number
}

export interface EmbeddedMongo {
  /** `mongodb://…mongo.sock/?…`, without the name of a database. */
  uri: string
  /** Commits everything, closes all connections and lets go of the directory. */
  close(): Promise<void>
}

/**
 * Starts a stand-in for MongoDB on a Unix socket, for development and tests. Only the user of this process can open the
 * socket and read the files.
 *
 * @throws DirectoryInUse when another process serves the directory
 */
export async function startEmbeddedMongo(options: EmbeddedMongoOptions): Promise<EmbeddedMongo> {
  makePrivate(options.dir)
  const dir = realpathSync(options.dir)
  // What lies in the temporary directory is not meant to outlive a restart of the machine.
  const outlivesMachine = !dir.startsWith(realpathSync(tmpdir()) + sep)
  const store = new Store(join(dir, 'data'), { outlivesMachine })
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

async function listen(
  store: Store,
  dir: string,
  { ttlSeconds = 60 }: EmbeddedMongoOptions,
): Promise<EmbeddedMongo> {
  const instance = randomUUID()
  const sockets = new Set<Socket>()
  let load: (engine: Engine) => void = () => undefined
  const loaded = new Promise<Engine>((resolve) => {
    load = resolve
  })
  const server = acceptConnections(sockets, loaded)
  const former = await readAddress(dir)
  if (former) removeSocket(former.socket)
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
    // Others can ask from now on who holds the directory; documents take their time to load.
    await writeAddress(dir, { socket: path, instance })
    makePrivate(dir)
    engine = { catalog: new Catalog(store), cursors: new Cursors(), instance }
  } catch (error) {
    await stopListening()
    throw error
  }
  load(engine)
  const timer = setInterval(() => {
    removeExpired(engine.catalog)
    engine.cursors.reap()
  }, ttlSeconds * 1000)
  let closing: Promise<void> | undefined
  const shut = async () => {
    clearInterval(timer)
    await stopListening()
    await store.committed()
    releaseLock(store, dir)
    await store.close()
  }
  return {
    uri: uriOf(path),
    close: () => {
      closing ??= shut()
      return closing
    },
  }
}

/** Removes what the TTL indexes say has expired. A date in an array counts by its earliest. */
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
