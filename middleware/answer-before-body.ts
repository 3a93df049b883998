import type { IncomingMessage, ServerResponse } from 'node:http'

/** Longest time for which the rest of an answered request is read, in milliseconds. */
const DROP_MS = 5000
/** The same as `DROP_MS`, for a client that was not told to send its body (`Expect: 100-continue`). */
const DROP_UNASKED_MS = 1000
/** Most bytes of the rest of an answered request that are read. */
const DROP_BYTES = 64_000_000

/** Returns whether a request has content (RFC 9112 §6.3). */
export function hasContent({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

type End = (chunk?: unknown, encoding?: BufferEncoding, callback?: () => void) => ServerResponse

/**
 * Makes sure that a client can read an answer that is given before its request was read. A connection that is closed
 * while bytes still arrive is reset, and a reset discards the answer. Node's own `end` causes this:
 * https://github.com/nodejs/node/issues/21026. So the headers and the body of the answer are sent at once, the rest of the
 * request is read and dropped, and only then `end` closes the connection.
 */
export function answerBeforeBody(req: IncomingMessage, res: ServerResponse): void {
  const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse
  const end = res.end.bind(res) as End
  let dropped: Promise<void> | undefined
  let ending = false

  res.writeHead = (...args: unknown[]) => {
    if (!req.complete) {
      res.setHeader('Connection', 'close')
      dropped ??= dropRest(req)
    }
    return writeHead(...args)
  }

  res.end = ((...args: Parameters<End>) => {
    if (ending) return res
    if (res.writableEnded || req.complete || req.destroyed) return end(...args)
    ending = true
    const given = args.filter((arg) => typeof arg !== 'function')
    const callback = args.find((arg) => typeof arg === 'function') as (() => void) | undefined
    sendAll(res, given[0], given[1] as BufferEncoding | undefined)
    void (dropped ?? dropRest(req)).then(() => end(callback))
    return res
  }) as typeof res.end
}

/** Sends the rest of an answer. Its length is known to the client, so that `end` is not needed. */
function sendAll(res: ServerResponse, chunk: unknown, encoding: BufferEncoding = 'utf8'): void {
  const hasChunk = typeof chunk === 'string' || chunk instanceof Uint8Array
  const { statusCode, req } = res
  const mayHaveBody = req.method !== 'HEAD' && statusCode !== 204 && statusCode !== 304
  if (!res.headersSent && mayHaveBody && !res.hasHeader('Transfer-Encoding'))
    res.setHeader('Content-Length', hasChunk ? Buffer.byteLength(chunk, encoding) : 0)
  if (hasChunk) res.write(chunk, encoding)
  res.flushHeaders()
}

/** Reads and drops a request. Resolves at its end, when its connection closes, or at a limit. */
function dropRest(req: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0
    const count = (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > DROP_BYTES) done()
    }
    const done = () => {
      clearTimeout(timer)
      req.off('data', count)
      resolve()
    }
    const timer = setTimeout(done, req.headers.expect === undefined ? DROP_MS : DROP_UNASKED_MS)
    for (const event of ['end', 'close', 'error']) req.once(event, done)
    req.on('data', count)
    req.resume()
  })
}
