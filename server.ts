import type { AddressInfo } from 'node:net'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { config as readDotenv } from 'dotenv'
import type { Logger } from 'pino'
import { openContext } from './app/context.ts'
import { createApp } from './app/index.ts'
import { disconnectDatabase } from './app/lifecycle/database.ts'
import { describeStart, type Greeting, greetingText } from './app/lifecycle/greeting.ts'
import { createHttpServer, listen } from './app/lifecycle/http-server.ts'
import { prepare } from './app/lifecycle/prepare.ts'
import { drain, RunningRequests, shutDown } from './app/lifecycle/shutdown.ts'
import { explainError } from './app/lifecycle/start-error.ts'
import {
  exit,
  handleUncaughtErrors,
  ignoreDebuggerSignal,
  onStopSignal,
  untilAborted,
} from './app/lifecycle/stop-signals.ts'
import { temporaryFolder } from './app/lifecycle/temporary-folder.ts'
import { temporaryFilesRemoved } from './app/media/spool.ts'
import { measureTraffic } from './app/metrics/traffic.ts'
import { type Config, loadConfig } from './config/env.ts'
import { standardOutput } from './config/log-output.ts'
import { createLogger, logOutput } from './config/logger.ts'
import { unknownVariables } from './config/unknown-variables.ts'
import { attachSockets } from './controllers/socket/attach.ts'

if (process.env.NODE_ENV !== 'production') readDotenv({ quiet: true })

/** Size in bytes up to which a heap is small. */
const SMALL_HEAP = 100_000_000
/** Milliseconds between two checks of the size of the heap. */
const CHECK_HEAP_MS = 10_000

async function main(): Promise<void> {
  const config = loadConfig(process.env)
  const log = createLogger(config.log, await logOutput(config.log))
  handleUncaughtErrors(log)
  const stopping = onStopSignal(log)
  ignoreDebuggerSignal(log)
  for (const sentence of unknownVariables(process.env)) log.warn(sentence)
  process.env.TMPDIR = await temporaryFolder(config.dataDir, log)

  const local = config.database.uri ? null : await openLocal(config.database, log)
  const uri = config.database.uri ?? String(local?.uri)
  const storage = local?.kind === 'embedded' ? 'trial' : 'production'
  const context = await openContext({ config, log, stopping, storage })
  if (context.store.kind === 'disk') await context.store.check()

  const { connections, trustProxy, keepAliveMs } = config.http
  const server = createHttpServer(createApp(context), {
    originCheck: context.originCheck,
    keepAliveMs,
    connections,
    connectionsPerAddress: trustProxy === 0 ? Math.ceil(connections / 2) : connections,
    onRefused: () => context.metrics.refusedConnections.inc(),
  })
  measureTraffic(server)
  const running = new RunningRequests(server)
  const sockets = attachSockets(server, context)
  await listen(server, config.http)
  const { ready, ended } = prepare(context, uri)
  const { port } = server.address() as AddressInfo
  printGreeting(await describeStart(context, port, ready, local), config, log)
  adaptHeapGrowth()
  setInterval(adaptHeapGrowth, CHECK_HEAP_MS).unref()

  await Promise.race([untilAborted(stopping), ended])
  await shutDown(
    [
      {
        name: 'requests and sockets',
        run: () => Promise.all([sockets.close(), drain(server, running)]),
        limitMs: 28_000,
      },
      { name: 'temporary files', run: temporaryFilesRemoved, limitMs: 3000 },
      { name: 'covers', run: () => context.covers.close(), limitMs: 6000 },
      { name: 'jobs', run: () => ended },
      { name: 'database', run: disconnectDatabase },
      { name: 'store', run: () => context.store.close() },
      { name: 'local database', run: () => local?.close(), limitMs: 20_000 },
    ],
    log,
  )
  exit(0, 1000)
}

/** Prints what operators should know after the start: in production as one line of the log, at every log level. */
function printGreeting(greeting: Greeting, { production }: Config, log: Logger): void {
  if (production) log.child({}, { level: 'info' }).info(greeting, `Kura listens on ${greeting.address}`)
  else standardOutput.write(greetingText(greeting))
}

/**
 * Lets a small heap grow more between two collections than a large one, which starts with the flag of `npm start`:
 * docs/decisions/0011-memory-used-by-uploads.md. V8 reads this flag at each collection.
 */
function adaptHeapGrowth(): void {
  const percent = getHeapStatistics().used_heap_size < SMALL_HEAP ? 80 : 40
  setFlagsFromString(`--heap-growing-percent=${percent}`)
}

async function openLocal(databases: Config['database'], log: Logger) {
  const { openLocalDatabase } = await import('./embedded/local-database.ts')
  return openLocalDatabase(databases, { onUnexpectedEnd: (message) => log.error(message) })
}

main().catch((error) => {
  process.stderr.write(`${explainError(error)}\n`)
  process.exit(1)
})
