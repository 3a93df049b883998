import type { IncomingMessage } from 'node:http'

/**
 * Chunks with fewer bytes count against the rate of small chunks. Every chunk of a chunked body (RFC 9112 §7.1) is
 * counted separately.
 */
const SMALL_CHUNK_BYTES = 256
/** Time that a small chunk counts for, in milliseconds: a request can send 5,000 of them a second. */
const SMALL_CHUNK_MS = 0.2
/** How far a request can be ahead of the allowed rate of small chunks before reading pauses, in milliseconds. */
const MAX_AHEAD_MS = 400

/**
 * Limits the rate of small chunks of a body. The parser needs as much time for a small chunk as for a large one. A
 * connection can send a million chunks of one byte a second, so that a few such connections would block the event loop.
 */
export function limitChunkRate(req: IncomingMessage): void {
  const { push, _read } = req
  /** When the chunks received so far would have arrived at the allowed rate. */
  let due = 0
  let isWaiting = false
  const aheadMs = () => due - performance.now()
  req.push = (chunk: Buffer | null, encoding) => {
    if (chunk && chunk.length < SMALL_CHUNK_BYTES) due = Math.max(due, performance.now()) + SMALL_CHUNK_MS
    return push.call(req, chunk, encoding) && aheadMs() < MAX_AHEAD_MS
  }
  const resume = (size: number) => {
    isWaiting = false
    req._read(size)
  }
  req._read = (size) => {
    if (aheadMs() < MAX_AHEAD_MS) return _read.call(req, size)
    if (!isWaiting) setTimeout(resume, aheadMs(), size).unref()
    isWaiting = true
  }
}
