import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Express } from 'express'
import type { Config } from '../../config/env.ts'
import { answerBeforeBody, hasContent } from '../../middleware/answer-before-body.ts'
import { corsHeaders } from '../../middleware/cors.ts'
import { lastAnswer, oneAtATime, takeOver } from '../../middleware/pipelining.ts'
import { closeAfterAnswer, refuseConnection } from '../../middleware/refuse-connection.ts'
import { addressKey } from '../auth/client-info.ts'
import type { OriginCheck } from '../auth/origin-check.ts'
import {
  type AppError,
  headersTooLarge,
  malformedRequest,
  methodNotAllowed,
  timeout,
  tooLarge,
} from '../errors.ts'
import { limitChunkRate } from '../uploads/chunk-rate.ts'

/** Milliseconds without data in either direction after which a connection is closed. */
const IDLE_MS = 60_000
/** Milliseconds in which the headers of a request must arrive, from the opening of the connection or its first byte. */
const HEADER_MS = 20_000
/** Milliseconds between two checks for slow headers. */
const CHECK_MS = 2000

interface ServerOptions {
  /** Adds CORS headers to the answers to requests that Node could not parse. */
  originCheck?: OriginCheck
  /** Milliseconds for which an idle connection is kept after an answer. */
  keepAliveMs?: number
  /** Most open connections; further ones are closed. 0: no limit. */
  connections?: number
  /** Most open connections of one address. Behind a proxy, all connections have the same address. */
  connectionsPerAddress?: number
  /** Called for each connection that is closed because there are too many. */
  onRefused?: () => void
}

/**
 * Creates an HTTP server for long uploads and downloads: it limits pauses, not the duration of a request. A client that
 * expects `100 Continue` (RFC 9110 §10.1.1) gets it when its body is about to be read, so it does not send a body that is
 * refused by its headers alone. Errors of Node's parser are answered with the error envelope.
 */
export function createHttpServer(app: Express, options: ServerOptions = {}): Server {
  const server = createServer(
    {
      requestTimeout: 0,
      headersTimeout: HEADER_MS,
      connectionsCheckingInterval: CHECK_MS,
      // of idle connections after an answer: `headersTimeout` begins with the first byte of the next request
      keepAliveTimeout: options.keepAliveMs,
      // `refuseUnclearHost` answers with the error envelope, Node would not.
      requireHostHeader: false,
    },
    oneAtATime(app),
  )
  server.prependListener('request', (req, res) => {
    // Logs, metrics and the drain each listen for the end of an answer, and `pipeline` adds about seven listeners of
    // its own: https://github.com/nodejs/help/issues/4448. Node warns of a leak when there are more than ten.
    res.setMaxListeners(20)
    if (!hasContent(req)) return
    limitChunkRate(req)
    answerBeforeBody(req, res)
  })
  server.on('checkContinue', (req, res) => {
    continueWhenRead(req, res)
    server.emit('request', req, res)
  })
  // A server can ignore other expectations (RFC 9110 §10.1.1).
  server.on('checkExpectation', (req, res) => server.emit('request', req, res))
  server.on('connect', (_req, socket) =>
    takeOver(socket, () => refuseConnection(socket, methodNotAllowed([]))),
  )
  server.on('clientError', (error: UnparsedError, socket) => {
    const running = lastAnswer(socket)
    refuseUnparsed(error, socket, running, headersFor(error, running, options.originCheck))
  })
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
    // Node emits the event again for a connection whose upgrade was not accepted.
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
 * Connections that were refused. Node can emit `clientError` several times for one connection:
 * https://github.com/nodejs/node/issues/51073.
 */
const refused = new WeakSet<Duplex>()

/** An error of Node's parser, with the bytes that it was reading. */
type UnparsedError = NodeJS.ErrnoException & { rawPacket?: Buffer }

/**
 * Returns the CORS headers of the answer to a request that Node could not parse. Its `Origin` is in its headers if only its
 * body is malformed, and else in the bytes that Node was reading.
 */
function headersFor(
  { rawPacket }: UnparsedError,
  running: ServerResponse | undefined,
  check: OriginCheck | undefined,
): Record<string, string> {
  if (!check) return {}
  const parsed = running && !running.req.complete
  const [, origin] = parsed ? [] : (/^origin:[ \t]*(\S+)/im.exec(rawPacket?.toString('latin1') ?? '') ?? [])
  return corsHeaders(check, parsed ? running.req.headers.origin : origin)
}

/**
 * Answers a request that Node could not parse, or that did not arrive in time.
 *
 * @param running the answer to the last request of the connection
 * @param added headers of the answer
 */
function refuseUnparsed(
  error: UnparsedError,
  socket: Duplex,
  running: ServerResponse | undefined,
  added: Record<string, string>,
): void {
  if (refused.has(socket)) return
  refused.add(socket)
  const answer = () => {
    if (!socket.writable || error.code === 'ECONNRESET') socket.destroy()
    else refuseConnection(socket, unparsed(error), { added })
  }
  const answerLater = () => {
    // No answer can follow one that closes the connection.
    if (socket.writable && running?.shouldKeepAlive === false) closeAfterAnswer(socket)
    else answer()
  }
  if (!running) answer()
  else if (running.req.complete) {
    // The error is in a later request: the answer to this one is sent first.
    if (running.writableFinished || running.destroyed) answerLater()
    else running.once('close', answerLater)
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
 * but has no way to send it on demand: https://github.com/nodejs/node/issues/20744. A stream calls its `_read` when a
 * reader needs bytes. After an answer, Node itself reads the rest of the body; that must not send `100 Continue`.
 */
function continueWhenRead(req: IncomingMessage, res: ServerResponse): void {
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

/** The address of all IPv6 and IPv4 addresses of the machine, and that of its IPv4 addresses. */
const ANY = { ipv6: '::', ipv4: '0.0.0.0' }
/** Codes of a machine without IPv6. */
const WITHOUT_IPV6 = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL'])

/** Starts to listen. @throws the system's error if it cannot listen on the address */
export async function listen(
  server: Server,
  { port, host }: Pick<Config['http'], 'port' | 'host'>,
): Promise<void> {
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (error) {
    if (host !== ANY.ipv6 || !WITHOUT_IPV6.has(String((error as NodeJS.ErrnoException).code))) throw error
    server.listen(port, ANY.ipv4)
    await once(server, 'listening')
  }
}
