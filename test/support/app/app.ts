import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mongoose from 'mongoose'
import { pino } from 'pino'
import supertest from 'supertest'
import type { Clock } from '../../../app/clock.ts'
import { type Context, openContext } from '../../../app/context.ts'
import { createApp } from '../../../app/index.ts'
import { connectDatabase, disconnectDatabase } from '../../../app/lifecycle/database.ts'
import { createHttpServer } from '../../../app/lifecycle/http-server.ts'
import { syncIndexes } from '../../../app/maintenance/indexes.ts'
import type { ObjectStore } from '../../../app/storage/object-store.ts'
import { loadConfig } from '../../../config/env.ts'
import { attachSockets, type Sockets } from '../../../controllers/socket/attach.ts'
import type { SocketLimits } from '../../../controllers/socket/limits.ts'
import { Capacity } from '../../../models/capacity.ts'
import { recordAnswers } from '../openapi/recorder.ts'
import { makeBucket } from '../s3/bucket.ts'
import { listen } from './http.ts'
import { databaseUri } from './mongo.ts'

/** A clock that tests can set forward. */
class TestClock implements Clock {
  #ahead = 0

  now(): Date {
    return new Date(Date.now() + this.#ahead)
  }

  /** @param duration in milliseconds */
  advance(duration: number): void {
    this.#ahead += duration
  }
}

export interface TestApp {
  /** Requests to the service: `app.api.get('/…')`. */
  api: ReturnType<typeof supertest>
  /** Origin of the service, for clients other than supertest. */
  origin: string
  context: Context
  store: ObjectStore
  clock: TestClock
  /** Its WebSocket connections. */
  sockets: Sockets
  /** Starts a second instance, which shares only the database and the store, like another process. */
  secondInstance(): Promise<ReturnType<typeof supertest>>
  /** Starts a second instance and returns its origin. */
  secondInstanceOrigin(): Promise<string>
  stop(): Promise<void>
}

interface Options {
  env?: Record<string, string>
  store?: ObjectStore
  /** URI of the database. Default: the database of the test run. */
  uri?: string
  /** WebSocket limits that differ from the default. */
  limits?: Partial<SocketLimits>
  /** Milliseconds that an upload waits for its cover. The default is enough for a busy machine. */
  coverWaitMs?: number
}

const TEST_ENV = {
  NODE_ENV: 'test',
  LOG_LEVEL: 'silent',
  BCRYPT_COST: '4',
  REGISTRATIONS_PER_HOUR: '0',
  JWT_SECRET: 'a-secret-that-only-tests-use-of-32-characters-at-least',
}

/** Starts the service with a new database and store. Call `stop` in an `after` hook. */
export async function startApp({
  env = {},
  store: givenStore,
  uri,
  limits = {},
  coverWaitMs = 30_000,
}: Options = {}): Promise<TestApp> {
  const dataDir = await mkdtemp(join(tmpdir(), 'kura-test-'))
  await connectDatabase(uri ?? (await databaseUri()), `kura-test-${randomBytes(6).toString('hex')}`)
  await syncIndexes()
  const bucket = givenStore ? null : await makeBucket()

  const config = loadConfig({ ...TEST_ENV, ...(bucket?.env ?? {}), DATA_DIR: dataDir, ...env })
  const log = pino({ level: config.log.level })
  const clock = new TestClock()
  const stop = new AbortController()
  const given = { config, log, clock, stopping: stop.signal, coverWaitMs }
  const context = await openContext(givenStore ? { ...given, store: givenStore } : given)
  await Capacity.setLimit(config.space.server)
  context.prepared = true
  const servers: Server[] = []
  const attached: Sockets[] = []
  const serve = async (one: Context) => {
    const server = createHttpServer(createApp(one), {
      originCheck: one.originCheck,
      keepAliveMs: one.config.http.keepAliveMs,
    })
    servers.push(server)
    const sockets = attachSockets(server, one, limits)
    attached.push(sockets)
    recordAnswers(server)
    return { origin: await listen(server), sockets }
  }
  const { origin, sockets } = await serve(context)
  const secondInstanceOrigin = async () => {
    const others = await openContext({ ...given, store: context.store })
    return (await serve({ ...others, prepared: true })).origin
  }

  return {
    api: supertest(origin),
    origin,
    context,
    store: context.store,
    clock,
    sockets,
    secondInstance: async () => supertest(await secondInstanceOrigin()),
    secondInstanceOrigin,
    async stop() {
      stop.abort()
      await Promise.all(attached.map((one) => one.close(1000)))
      for (const server of servers) {
        server.close()
        server.closeAllConnections()
      }
      await mongoose.connection.dropDatabase()
      await disconnectDatabase()
      await bucket?.remove(context.store)
      if (!givenStore) await context.store.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
