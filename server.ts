import { once } from 'node:events'
import { config as readDotenv } from 'dotenv'
import { connectEventually, disconnectDatabase } from './app/database.ts'
import { greeting } from './app/greeting.ts'
import { createHttpServer } from './app/http-server.ts'
import { createApp } from './app/index.ts'
import { prepare } from './app/prepare.ts'
import { openServices } from './app/services.ts'
import { drain, shutDown } from './app/shutdown.ts'
import { ConfigError, loadConfig } from './config/env.ts'
import { createLogger } from './config/logger.ts'

if (process.env.NODE_ENV !== 'production') readDotenv({ quiet: true })

async function main(): Promise<void> {
  const config = loadConfig(process.env)
  const log = createLogger(config.log)
  const stop = new AbortController()

  const embedded = config.database.uri ? null : await startEmbedded(config.dataDir)
  const uri = config.database.uri ?? String(embedded?.uri)
  const services = await openServices({ config, log, stopping: stop.signal })
  const jobs = connectEventually(uri, log, stop.signal).then(() => prepare(services))

  const server = createHttpServer(createApp(services))
  server.listen(config.http.port, config.http.host)
  await once(server, 'listening')
  process.stdout.write(greeting(services, server))

  const end = async (signal: string) => {
    if (stop.signal.aborted) return
    log.info({ signal }, 'stopping')
    stop.abort()
    await shutDown(
      [
        { name: 'requests', run: () => drain(server) },
        { name: 'jobs', run: () => jobs },
        { name: 'database', run: disconnectDatabase },
        { name: 'embedded database', run: () => embedded?.close() },
        { name: 'store', run: () => services.store.close() },
      ],
      log,
    )
    process.exit(0)
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  await jobs
}

async function startEmbedded(dataDir: string) {
  const { startEmbeddedMongo } = await import('./embedded/mongo/start.ts')
  return startEmbeddedMongo({ dir: `${dataDir}/mongo` })
}

main().catch((error) => {
  process.stderr.write(`${error instanceof ConfigError ? error.message : error.stack}\n`)
  process.exit(1)
})
