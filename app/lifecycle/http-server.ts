import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Express } from 'express'
import type { Config } from '../../config/env.ts'
import { answerBeforeBody, hasContent } from '../../middleware/answer-before-body.ts'
import { lastAnswer, oneAtATime, takeOver } from '../../middleware/pipelining.ts'
import { closeAfterAnswer, refuseConnection } from '../../middleware/refuse-connection.ts'
import { addressKey } from '../auth/client-info.ts'
import {
  type AppError,
  headersTooLarge,
  malformedRequest,
  methodNotAllowed,
  timeout,
  tooLarge,
} from '../errors.ts'
import { limitChunkRate } from '../uploads/chunk-rate.ts'

/** A connection that moves nothing for this long, either way, is closed: a slow client cannot hold it. */
const IDLE_MS = 60_000
/** How long a request's header may take, counted from the opening of the connection or from its first byte. */
const HEADER_MS = 20_000
/** How often slow headers are looked for. */
const CHECK_MS = 2000

interface ServerOptions {
  /** Connections at a time; more are closed. 0: no limit. */
  connections?: number
  /** The same for one address. A proxy brings all connections from its own. */
  connectionsPerAddress?: number
  /** Called for each connection that is closed because there are too many. */
  onRefused?: () => void
}

/**
 * Creates an HTTP server for long uploads and downloads: no bound on a whole request, but on every silence in it.
 * A client that waits for `100 Continue` (RFC 9110 §10.1.1) gets it when its body is about to be read, and so
 * never sends what is refused by its headers alone. What Node's parser refuses is answered in the error envelope.
 */
export function createHttpServer(app: Express, options: ServerOptions = {}): Server {
  const server = createServer(
    {
      requestTimeout: 0,
      headersTimeout: HEADER_MS,
      connectionsCheckingInterval: CHECK_MS,
      keepAliveTimeout: 65_000,
      // `refuseWithoutHost` answers in the envelope, Node would not.
      requireHostHeader: false,
    },
    oneAtATime(app),
  )
  server.prependListener('request', (req, res) => {
    // Logs, metrics and the drain each listen for the end of an answer, and `pipeline` adds about seven listeners of
    // its own: https://github.com/nodejs/help/issues/4448. Node warns of a leak from eleven on.
    res.setMaxListeners(20)
    if (!hasContent(req)) return
    limitChunkRate(req)
    answerBeforeBody(req, res)
  })
  server.on('checkContinue', (req, res) => {
    askWhenRead(req, res)
    server.emit('request', req, res)
  })
  // Other expectations may be ignored (RFC 9110 §10.1.1).
  server.on('checkExpectation', (req, res) => server.emit('request', req, res))
  server.on('connect', (_req, socket) =>
    takeOver(socket, () => refuseConnection(socket, methodNotAllowed([]))),
  )
  server.on('clientError', (error, socket) => refuseUnparsed(error, socket, lastAnswer(socket)))
  server.setTimeout(IDLE_MS)
  server.maxRequestsPerSocket = 0
  if (options.connections) limitConnections(server, options)
  return server
}

/** Closes connections over the limits. */
function limitConnections(
  server: Server,
  { connections = 0, connectionsPerAddress = connections, onRefused = () => undefined }: ServerOptions,
): void {
  const ofAddress = new Map<string, Set<Socket>>()
  server.maxConnections = connections
  server.on('drop', onRefused)
  server.on('connection', (socket: Socket) => {
    const address = addressKey(socket.remoteAddress)
    const sockets = ofAddress.get(address) ?? new Set()
    // A connection is announced a second time when its request asked for an upgrade that is not given.
    if (sockets.has(socket)) return
    if (sockets.size >= connectionsPerAddress) {
      onRefused()
      socket.destroy()
      return
    }
    ofAddress.set(address, sockets.add(socket))
    socket.once('close', () => {
      sockets.delete(socket)
      if (sockets.size === 0) ofAddress.delete(address)
    })
  })
}

/**
 * Connections that were refused already. Node can emit `clientError` several times for one connection:
 * https://github.com/nodejs/node/issues/51073.
 */
const refused = new WeakSet<Duplex>()

/**
 * Answers what Node could not parse, or what did not arrive in time.
 *
 * @param running the answer to the last request of the connection
 */
function refuseUnparsed(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  running: ServerResponse | undefined,
): void {
  if (refused.has(socket)) return
  refused.add(socket)
  const answer = () => {
    if (!socket.writable || error.code === 'ECONNRESET') socket.destroy()
    // Nothing may follow an answer that closes the connection.
    else if (running?.shouldKeepAlive === false) closeAfterAnswer(socket)
    else refuseConnection(socket, unparsed(error))
  }
  if (!running) answer()
  else if (running.req.complete) {
    // The error is in a later request: the answer to this one goes out first.
    if (running.writableFinished || running.destroyed) answer()
    else running.once('close', answer)
  } else if (!running.headersSent) answer()
  else if (running.writableFinished) closeAfterAnswer(socket)
  else running.once('close', () => socket.destroy())
}

function unparsed(error: NodeJS.ErrnoException): AppError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return headersTooLarge(error)
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return tooLarge('The chunk extensions of the request are too long.', error)
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return timeout(`The header of the request did not arrive within ${HEADER_MS / 1000} s.`, error)
    default:
      return malformedRequest('The request is not valid HTTP.', error)
  }
}

/**
 * Sends `100 Continue` when the body is first read. Node sends it at once, or leaves it to a `checkContinue` listener,
 * but has no way to send it on demand: https://github.com/nodejs/node/issues/20744. A stream calls its `_read` when its
 * bytes are wanted. After an answer Node itself reads the rest of the body, which must not send it.
 */
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
export async function listen(
  server: Server,
  { port, host }: Pick<Config['http'], 'port' | 'host'>,
): Promise<void> {
  server.listen(port, host)
  await once(server, 'listening')
}
