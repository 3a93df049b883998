import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { create as contentDisposition } from 'content-disposition'
import type { Request, Response } from 'express'
import fresh from 'fresh'
import { rangeNotSatisfiable } from '../app/errors.ts'
import { translateDiskError } from '../app/storage/disk/file-system.ts'
import type { ByteRange, ObjectStore } from '../app/storage/object-store.ts'
import { closeSignal } from '../middleware/request-info.ts'

/** How caches can store a response. */
export interface Caching {
  /** Whether everybody can read the bytes. Shared caches can then store them, and must revalidate them each time. */
  isPublic: boolean
  /** Seconds for which the client can use the bytes again without a request; default: it revalidates them each time. */
  maxAge?: number
}

/** A stored object and the headers of its response. */
export interface SentObject extends Caching {
  key: string
  /** In bytes. */
  size: number
  /** Lower-case hex; also the ETag. */
  sha256: string
  mediaType: string
  /** File name under which a browser saves it. */
  name: string
  modifiedAt: Date
  /** Show it in the browser instead of saving it. */
  inline: boolean
}

/**
 * Media types that a browser runs as a script (WHATWG MIME Sniffing §4.6). They are sent as `text/plain` with `nosniff`,
 * so that no page can run an uploaded file.
 */
const JAVASCRIPT = /^(?:application|text)\/(?:x-)?(?:java|ecma|j|live)script/i

/** Content Security Policy that forbids scripts, frames, forms and requests in a document of uploaded bytes. */
const SANDBOX = "sandbox; default-src 'none'"

/**
 * Sends an object: 200 with all of it, 206 with one range, or 304 if the client's copy is current (RFC 9110 §13, §14).
 * A request for several ranges gets all of it. A client that disconnects is not an error.
 *
 * @param begin called before the first byte is sent, with whether the response includes the first byte of the object
 * @throws range_not_satisfiable
 */
export async function sendObject(
  store: ObjectStore,
  object: SentObject,
  req: Request,
  res: Response,
  begin: (fromStart: boolean) => Promise<void>,
): Promise<void> {
  setObjectHeaders(object, res)
  if (isFresh(req, res)) {
    res.status(304).end()
    return
  }
  const range = rangeOf(req, object)
  res.set('Content-Length', String(range ? range.end - range.start + 1 : object.size))
  if (range) res.status(206).set('Content-Range', `bytes ${range.start}-${range.end}/${object.size}`)
  if (req.method === 'HEAD') {
    res.end()
    return
  }
  const disconnected = closeSignal(res)
  const body = await store.open(object.key, range, disconnected).catch((error) => {
    if (!disconnected.aborted) throw error
  })
  if (!body) return
  await begin(!range || range.start === 0).catch((error) => {
    body.destroy()
    throw error
  })
  await sendStream(body, res)
}

/**
 * Pipes a stream to the response. A client that disconnects is not an error. If the stream has fewer bytes than
 * `Content-Length`, closes the connection, because the client would wait for the rest.
 *
 * @throws the error of the stream, even one that occurred before the call
 */
export async function sendStream(body: Readable, res: Response): Promise<void> {
  if (body.errored && !isDisconnect(body.errored)) throw translateDiskError(body.errored)
  const { socket } = res
  const announced = res.get('Content-Length')
  let sent = 0
  if (announced !== undefined)
    body.on('data', (chunk: Buffer) => {
      sent += chunk.length
    })
  try {
    await pipeline(body, res)
  } catch (error) {
    if (!isDisconnect(error)) throw translateDiskError(error)
    return
  }
  if (announced !== undefined && sent !== Number(announced)) {
    socket?.destroy()
    throw new Error(`the object has ${sent} bytes instead of ${announced}`)
  }
}

/** Sets the headers of uploaded bytes: caching, and protection against running them in a browser. */
export function setBytesHeaders(res: Response, { isPublic, maxAge, etag }: Caching & { etag: string }): void {
  res.set({
    ETag: etag,
    'Cache-Control': `${isPublic ? 'public' : 'private'}, ${maxAge === undefined ? 'no-cache' : `max-age=${maxAge}`}`,
    'Content-Security-Policy': SANDBOX,
    'X-Content-Type-Options': 'nosniff',
  })
  res.vary('Authorization, X-Link-Password')
}

/** Returns whether the client's copy is current. Ignores `Cache-Control: no-cache`, since the server compares anyway. */
export function isFresh(req: Request, res: Response): boolean {
  if (req.headers['if-none-match'] === undefined && req.headers['if-modified-since'] === undefined)
    return false
  const { 'cache-control': _reload, ...conditions } = req.headers
  return fresh(conditions, { etag: res.get('ETag'), 'last-modified': res.get('Last-Modified') })
}

function setObjectHeaders(object: SentObject, res: Response): void {
  const { mediaType, name, inline, modifiedAt, sha256 } = object
  setBytesHeaders(res, { ...object, etag: `"${sha256}"` })
  res.set({
    'Accept-Ranges': 'bytes',
    'Content-Disposition': contentDisposition(name, { type: inline ? 'inline' : 'attachment' }),
    'Last-Modified': modifiedAt.toUTCString(),
  })
  // not with `set`, which would add a charset
  res.setHeader('Content-Type', JAVASCRIPT.test(mediaType) ? 'text/plain' : mediaType)
}

/** `bytes=first-last`, `bytes=first-` or `bytes=-length`; the unit is case-insensitive (RFC 9110 §14.1). */
const ONE_RANGE = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i

/**
 * Returns the range that the `Range` header requests. Returns undefined when the whole object must be sent: no range,
 * several ranges, another unit, a malformed range or a failed `If-Range` (RFC 9110 §14.2).
 *
 * @throws range_not_satisfiable
 */
function rangeOf(req: Request, { size, sha256, modifiedAt }: SentObject): ByteRange | undefined {
  const [found, first = '', last = ''] = ONE_RANGE.exec(req.get('Range') ?? '') ?? []
  if (!found || !ifRangeHolds(req.get('If-Range'), `"${sha256}"`, modifiedAt)) return undefined
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
function ifRangeHolds(condition: string | undefined, etag: string, modifiedAt: Date): boolean {
  if (condition === undefined) return true
  return condition.startsWith('"') ? condition === etag : condition === modifiedAt.toUTCString()
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
