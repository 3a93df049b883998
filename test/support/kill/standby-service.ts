/**
 * The service as a process for tests that kill it: like `server.ts`, but with an upload soon given up for dead
 * (`STALE_MS`), so that a restart need not wait for minutes; and it loads everything first, then waits for a line on
 * its standard input, so that the next one is ready when this one is killed.
 */
import { once } from 'node:events'
import { openContext } from '../../../app/context.ts'
import { createApp } from '../../../app/index.ts'
import { createHttpServer, listen } from '../../../app/lifecycle/http-server.ts'
import { prepare } from '../../../app/lifecycle/prepare.ts'
import { openStore } from '../../../app/storage/open-store.ts'
import { loadConfig } from '../../../config/env.ts'
import { createLogger } from '../../../config/logger.ts'
import { startEmbeddedMongo } from '../../../embedded/mongo/start.ts'

const config = loadConfig(process.env)
const store = await openStore(config.storage)
process.stdout.write('Loaded.\n')
await once(process.stdin, 'data')

const staleMs = Number(process.env.STALE_MS)
const stopping = new AbortController().signal
const context = await openContext({ config, log: createLogger(config.log), stopping, staleMs, store })
const uri = config.database.uri ?? (await startEmbeddedMongo({ dir: config.database.dir })).uri
const server = createHttpServer(createApp(context))
await listen(server, config.http)
await prepare(context, uri).ready
const address = server.address()
process.stdout.write(`Kura listens on http://127.0.0.1:${typeof address === 'object' && address?.port}\n`)
