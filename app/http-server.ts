import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Express } from 'express'
import type { Config } from '../config/env.ts'
import { answerBeforeBody, hasContent } from './answer-before-body.ts'

/** A connection that moves nothing for this long, either way, is closed: a slow client cannot hold it. */
const IDLE_MS = 60_000

/**
 * An HTTP server for long uploads and downloads: no bound on a whole request, but on every silence in it.
 * A client that waits for `100 Continue` (RFC 9110 §10.1.1) gets it when its body is about to be read, and so
 * never sends what is refused by its headers alone.
 */
export function createHttpServer(app: Express): Server {
  const timeouts = { requestTimeout: 0, headersTimeout: 20_000, keepAliveTimeout: 65_000 }
  const server = createServer(timeouts, app)
  server.prependListener('request', (req, res) => {
    // Logs, metrics, the drain and each pipe of a download follow the end of one answer: no leak, but over ten.
    res.setMaxListeners(20)
    if (hasContent(req)) answerBeforeBody(req, res)
  })
  server.on('checkContinue', (req, res) => {
    askWhenRead(req, res)
    server.emit('request', req, res)
  })
  server.setTimeout(IDLE_MS)
  server.maxRequestsPerSocket = 0
  return server
}

/** `_read` is what a stream calls when somebody wants its bytes; after an answer Node itself reads the rest. */
function askWhenRead(req: IncomingMessage, res: ServerResponse): void {
  const { _read } = req
  req._read = (size) => {
    if (!res.headersSent) {
      res.writeContinue()
      delete req.headers.expect
    }
    req._read = _read
    _read.call(req, size)
  }
}

/** @throws the system's error where the address cannot be listened on */
export async function listen(server: Server, { port, host }: Config['http']): Promise<void> {
  server.listen(port, host)
  await once(server, 'listening')
}
