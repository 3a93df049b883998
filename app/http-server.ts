import { createServer, type Server } from 'node:http'
import type { Express } from 'express'

/** A connection that moves nothing for this long, either way, is closed: a slow client cannot hold it. */
const IDLE_MS = 60_000

/** An HTTP server for long uploads and downloads: no bound on a whole request, but on every silence in it. */
export function createHttpServer(app: Express): Server {
  const server = createServer({ requestTimeout: 0, headersTimeout: 20_000, keepAliveTimeout: 65_000 }, app)
  server.setTimeout(IDLE_MS)
  server.maxRequestsPerSocket = 0
  return server
}
