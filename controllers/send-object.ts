import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { encodeExtended } from 'content-disposition'
import type { Request, Response } from 'express'
import fresh from 'fresh'
import { rangeNotSatisfiable, versionConflict } from '../app/errors.ts'
import { cleanFileName } from '../app/media/file-name.ts'
import { translateDiskError } from '../app/storage/disk/file-system.ts'
import type { ByteRange } from '../app/storage/object-store.ts'
import { closeSignal } from '../middleware/request-info.ts'

/** How caches can store a response. */
export interface Caching {
  /** Whether everybody can read the bytes. Shared caches can then store them, and must revalidate them each time. */
  isPublic: boolean
  /** Seconds for which the client can use the bytes again without a request; default: it revalidates them each time. */
  maxAge?: number
}

/** The bytes of a file, a picture or a zip, and the headers of their response. */
interface SentBytes extends Caching {
  /** In bytes. */
  size: number
  /** Differs for different bytes; lower-case hex. */
  digest: string
  mediaType: string
  /** File name under which a client saves them. */
  name: string
  modifiedAt: Date
  /** Show them in the browser instead of saving them. */
  inline: boolean
  /** Opens all bytes or a range of them. */
  open(range: ByteRange | undefined, signal: AbortSignal): Promise<Readable>
}

/**
 * Media types that a browser runs as a script (WHATWG MIME Sniffing §4.6). They are sent as `text/plain` with `nosniff`,
 * so that no page can run an uploaded file.
 */
const JAVASCRIPT = /^(?:application|text)\/(?:x-)?(?:java|ecma|j|live)script/i

/** Content Security Policy that forbids scripts, frames, forms and requests in a document of uploaded bytes. */
const SANDBOX = "sandbox; default-src 'none'"
/** The same for a video or audio in a tab. The browser's player reads it again by ranges, and needs its own styles. */
const PLAYER_SANDBOX =
  "sandbox allow-same-origin; default-src 'none'; media-src 'self'; style-src 'unsafe-inline'"

/**
 * Sends bytes: 200 with all of them, 206 with one range, or 304 if the client's copy is current (RFC 9110 §13, §14). A
 * request for several ranges gets all of them. A client that disconnects is not an error.
 *
 * @param begin called before the first byte is sent, with whether the response includes the first one of all bytes
 * @throws version_conflict when `If-Match` or `If-Unmodified-Since` names other bytes
 * @throws range_not_satisfiable
 */
export async function sendBytes(
  bytes: SentBytes,
  req: Request,
  res: Response,
  begin: (fromStart: boolean) => Promise<void>,
): Promise<void> {
  setHeaders(bytes, res)
  assertUnchanged(req, bytes)
  if (isFresh(req, res)) {
    res.status(304).end()
    return
  }
  const isHead = req.method === 'HEAD'
  // only a GET can have a range (RFC 9110 §14.2)
  const range = isHead ? undefined : rangeOf(req, bytes)
  const length = range ? range.end - range.start + 1 : bytes.size
  res.set('Content-Length', String(length))
  if (range) res.status(206).set('Content-Range', `bytes ${range.start}-${range.end}/${bytes.size}`)
  if (isHead) {
    res.end()
    return
  }
  const disconnected = closeSignal(res)
  const body = await bytes.open(range, disconnected).catch((error) => {
    if (!disconnected.aborted) throw error
  })
  if (!body) return
  await begin(!range || range.start === 0).catch((error) => {
    body.destroy()
    throw error
  })
  await sendStream(body, res, length)
}

/**
 * Pipes a stream to the response. A client that disconnects is not an error. If the stream has fewer bytes than
 * `Content-Length`, closes the connection, because the client would wait for the rest.
 *
 * @param size the `Content-Length`; undefined if there is none
 * @throws the error of the stream, even one that occurred before the call
 */
export async function sendStream(body: Readable, res: Response, size?: number): Promise<void> {
  if (body.errored && !isDisconnect(body.errored)) throw translateDiskError(body.errored)
  if (res.destroyed) {
    // Since Node.js 22, `pipeline` throws an error of its own for such a response, and leaves the stream open.
    body.destroy()
    return
  }
  const { socket } = res
  let sent = 0
  body.on('data', (chunk: Buffer) => {
    sent += chunk.length
  })
  try {
    await pipeline(body, res)
  } catch (error) {
    if (!isDisconnect(error)) throw translateDiskError(error)
    return
  }
  if (size === undefined || sent === size) return
  socket?.destroy()
  throw new Error(`the object has ${sent} bytes instead of ${size}`)
}

/** What proxies append to an ETag when they compress an answer. */
const CODING_SUFFIX = /-(?:gzip|br|zstd)(?=")/g

/** Returns whether the client's copy is current. Ignores `Cache-Control: no-cache`, since the server compares anyway. */
export function isFresh(req: Request, res: Response): boolean {
  if (req.headers['if-none-match'] === undefined && req.headers['if-modified-since'] === undefined)
    return false
  const { 'cache-control': _reload, ...conditions } = req.headers
  const tags = conditions['if-none-match']?.replaceAll(CODING_SUFFIX, '')
  return fresh(
    { ...conditions, 'if-none-match': tags },
    { etag: res.get('ETag'), 'last-modified': res.get('Last-Modified') },
  )
}

/** Sets the headers of uploaded bytes: caching, and protection against running them in a browser. */
function setHeaders(bytes: SentBytes, res: Response): void {
  const { mediaType, name, inline, modifiedAt, isPublic, maxAge } = bytes
  res.set({
    ETag: etagOf(bytes),
    'Last-Modified': modifiedAt.toUTCString(),
    'Accept-Ranges': 'bytes',
    'Cache-Control': `${isPublic ? 'public' : 'private'}, ${maxAge === undefined ? 'no-cache' : `max-age=${maxAge}`}`,
    'Content-Disposition': dispositionOf(inline ? 'inline' : 'attachment', cleanFileName(name)),
    'Content-Security-Policy': inline && /^(?:video|audio)\//.test(mediaType) ? PLAYER_SANDBOX : SANDBOX,
    'X-Content-Type-Options': 'nosniff',
  })
  res.vary('Authorization, X-Link-Password')
  // not with `set`, which would add a charset
  res.setHeader('Content-Type', JAVASCRIPT.test(mediaType) ? 'text/plain' : mediaType)
}

const etagOf = ({ digest }: Pick<SentBytes, 'digest'>) => `"${digest}"`

/** Matches names that every client reads from `filename` as they are. */
const PLAIN_NAME = /^[\w .,()+-]*$/

/**
 * Returns a `Content-Disposition` (RFC 6266). `filename*` (RFC 8187) has any name. `filename` is for clients that cannot
 * read it, such as curl: it has `_` for each character that is not ASCII and for `"` and `\`, where they cut the name. It
 * is always quoted, because curl reads `'` at the beginning of an unquoted name as a quotation mark.
 */
function dispositionOf(type: 'inline' | 'attachment', name: string): string {
  const plain = `${type}; filename="${name.replace(/[^\x20-\x7e]|["\\]/gu, '_')}"`
  return PLAIN_NAME.test(name) ? plain : `${plain}; filename*=${encodeExtended(name)}`
}

/**
 * Checks `If-Match`, by strong comparison, or else `If-Unmodified-Since` (RFC 9110 §13.1.1, §13.1.4).
 *
 * @throws version_conflict when the header names other bytes
 */
export function assertUnchanged(req: Request, bytes: Pick<SentBytes, 'digest' | 'modifiedAt'>): void {
  const tags = req.get('If-Match')?.split(',')
  const since = httpDate(req.get('If-Unmodified-Since'))
  const isUnchanged = tags
    ? tags.some((tag) => ['*', etagOf(bytes)].includes(tag.trim()))
    : !(httpDate(bytes.modifiedAt.toUTCString()) > since)
  if (!isUnchanged)
    throw versionConflict('The file is not the one that you know. Download it from the beginning.')
}

/** Returns the milliseconds of an HTTP date (RFC 9110 §5.6.7), or NaN for another text. */
function httpDate(text = ''): number {
  return /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text.endsWith(' GMT') ? text : `${text} GMT`) : Number.NaN
}

/** `bytes=first-last`, `bytes=first-` or `bytes=-length`; the unit is case-insensitive (RFC 9110 §14.1). */
const ONE_RANGE = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i

/**
 * Returns the range that the `Range` header requests. Returns undefined when all bytes must be sent: no range,
 * several ranges, another unit, a malformed range or a failed `If-Range` (RFC 9110 §14.2).
 *
 * @throws range_not_satisfiable
 */
function rangeOf(req: Request, bytes: SentBytes): ByteRange | undefined {
  const { size } = bytes
  const [found, first = '', last = ''] = ONE_RANGE.exec(req.get('Range') ?? '') ?? []
  if (!found || !ifRangeHolds(req.get('If-Range'), bytes)) return undefined
  if (first === '') return suffixOf(size, last)
  if (last !== '' && Number(last) < Number(first)) return undefined
  if (Number(first) >= size) throw rangeNotSatisfiable(size)
  return { start: Number(first), end: last === '' ? size - 1 : Math.min(Number(last), size - 1) }
}

/**
 * Returns the range of the last `length` bytes. An empty object is sent as a whole, because `Content-Range` cannot
 * describe zero bytes. `range-parser` is not used: it refuses a suffix longer than the object, which means all of it
 * (RFC 9110 §14.1.2).
 */
function suffixOf(size: number, length: string): ByteRange | undefined {
  if (length === '' || (size === 0 && Number(length) > 0)) return undefined
  if (Number(length) === 0) throw rangeNotSatisfiable(size)
  return { start: Math.max(0, size - Number(length)), end: size - 1 }
}

/** Returns whether `If-Range` allows a range: an ETag is compared strongly, a date exactly (RFC 9110 §13.1.5). */
function ifRangeHolds(condition: string | undefined, bytes: SentBytes): boolean {
  if (condition === undefined) return true
  return condition.startsWith('"')
    ? condition === etagOf(bytes)
    : condition === bytes.modifiedAt.toUTCString()
}

function isDisconnect(error: unknown): boolean {
  const { code, name } = error as NodeJS.ErrnoException
  return (
    code === 'ERR_STREAM_PREMATURE_CLOSE' ||
    code === 'ECONNRESET' ||
    code === 'EPIPE' ||
    name === 'AbortError'
  )
}
