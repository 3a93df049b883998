import type { IncomingMessage } from 'node:http'

/** A piece of a body with fewer bytes counts against the rate. Every chunk (RFC 9112 §7.1) is a piece. */
const SMALL_PIECE_BYTES = 256
/** What a small piece costs of the time of its request, in milliseconds: 5,000 of them can come in a second. */
const SMALL_PIECE_MS = 0.2
/** How far ahead of that rate a request can be, in milliseconds; then it is read no further. */
const AHEAD_MS = 400

/**
 * Bounds the rate of small pieces of a body. Each costs the parser as much as a large one, and a connection can send a
 * million a second as chunks of one byte: a few such connections would take the whole time of the event loop.
 */
export function limitPieceRate(req: IncomingMessage): void {
  const { push, _read } = req
  /** When the pieces that came would have come at the rate. */
  let due = 0
  let isWaiting = false
  const aheadMs = () => due - performance.now()
  req.push = (piece: Buffer | null, encoding) => {
    if (piece && piece.length < SMALL_PIECE_BYTES) due = Math.max(due, performance.now()) + SMALL_PIECE_MS
    return push.call(req, piece, encoding) && aheadMs() < AHEAD_MS
  }
  const goOn = (size: number) => {
    isWaiting = false
    req._read(size)
  }
  req._read = (size) => {
    if (aheadMs() < AHEAD_MS) return _read.call(req, size)
    if (!isWaiting) setTimeout(goOn, aheadMs(), size).unref()
    isWaiting = true
  }
}
