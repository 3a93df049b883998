import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, realpathSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import { Cursors } from './commands/cursors.ts'
import type { Engine } from './commands/engine.ts'
import { removeExpired } from './expiry.ts'
import { removeAddress, uriOf, writeAddress } from './running.ts'
import { Catalog } from './storage/catalog.ts'
import { acquireLock, releaseLock } from './storage/lock.ts'
import { Store } from './storage/store.ts'
import { serve } from './wire/connection.ts'

export { findRunningMongo } from './running.ts'

export interface EmbeddedMongoOptions {
  /** Where the data is kept; made when it is not there. One process at a time. */
  dir: string
  /** A free port when left out. */
  port?: number
  /** How often expired documents are removed and idle cursors closed; 60 as MongoDB does. */
  ttlSeconds?: number
}

export interface EmbeddedMongo {
  /** `mongodb://127.0.0.1:PORT/?…`, without the name of a database. */
  uri: string
  /** Commits everything, closes all connections and lets go of the directory. */
  close(): Promise<void>
}

/**
 * Starts a stand-in for MongoDB on the loopback interface, for development and tests: no authentication, no
 * replication. Throws `DirectoryInUse` when another process serves the directory.
 */
export async function startEmbeddedMongo(options: EmbeddedMongoOptions): Promise<EmbeddedMongo> {
  mkdirSync(options.dir, { recursive: true })
  const dir = realpathSync(options.dir)
  // What lies in the temporary directory is not meant to outlive a restart of the machine.
  const outlivesMachine = !dir.startsWith(realpathSync(tmpdir()) + sep)
  const store = new Store(join(dir, 'data'), { outlivesMachine })
  try {
    acquireLock(store, dir)
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
  { port = 0, ttlSeconds = 60 }: EmbeddedMongoOptions,
): Promise<EmbeddedMongo> {
  const engine: Engine = { catalog: new Catalog(store), cursors: new Cursors(), instance: randomUUID() }
  const sockets = new Set<Socket>()
  const server = acceptInto(sockets, engine)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const { port: bound } = server.address() as AddressInfo
  await writeAddress(dir, { port: bound, instance: engine.instance })
  const timer = setInterval(() => {
    removeExpired(engine.catalog)
    engine.cursors.reap()
  }, ttlSeconds * 1000)
  let closing: Promise<void> | undefined
  const shut = async () => {
    clearInterval(timer)
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
    await removeAddress(dir)
    await store.committed()
    releaseLock(store, dir)
    await store.close()
  }
  return {
    uri: uriOf(bound),
    close: () => {
      closing ??= shut()
      return closing
    },
  }
}

function acceptInto(sockets: Set<Socket>, engine: Engine): Server {
  let connections = 0
  return createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serve(socket, engine, connections)
  })
}
