import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { create as contentDisposition } from 'content-disposition'
import type { Request, Response } from 'express'
import fresh from 'fresh'
import { rangeNotSatisfiable } from '../app/errors.ts'
import { translateDiskError } from '../app/storage/disk/file-system.ts'
import type { ByteRange, ObjectStore } from '../app/storage/object-store.ts'

/** Stored bytes to be sent, and what is said of them. */
export interface Sendable {
  key: string
  size: number
  /** Lower-case hex. */
  sha256: string
  mediaType: string
  /** The name a browser saves it under. */
  name: string
  modifiedAt: Date
  /** Whether everybody may read it, so that shared caches may keep it (and ask again each time). */
  isPublic: boolean
  inline: boolean
}

/**
 * Media types that a browser runs as a script (WHATWG MIME Sniffing §4.6). As `text/plain` with `nosniff` no page can
 * load the file as one, whoever owns it.
 */
const JAVASCRIPT = /^(?:application|text)\/(?:x-)?(?:java|ecma|j|live)script/i

/** A document made of these bytes can do nothing: no script, no frame, no form, no request. */
const SANDBOX = "sandbox; default-src 'none'"

/**
 * Sends an object: whole, one range of it, or that it has not changed (RFC 9110 §13, §14). Several ranges are
 * answered whole. A client that goes away ends it without an error.
 *
 * @param begin called once bytes are about to go out, with whether the first one is among them
 * @throws `range_not_satisfiable`
 */
export async function sendObject(
  store: ObjectStore,
  object: Sendable,
  req: Request,
  res: Response,
  begin: (fromStart: boolean) => Promise<void>,
): Promise<void> {
  describe(object, res)
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
  const client = closeSignal(res)
  const body = await store.open(object.key, range, client).catch((error) => {
    if (!client.aborted) throw error
  })
  if (!body) return
  await begin(!range || range.start === 0).catch((error) => {
    body.destroy()
    throw error
  })
  await sendStream(body, res)
}

/** Returns a signal that is aborted when the connection of a response is closed. */
export function closeSignal(res: Response): AbortSignal {
  const gone = new AbortController()
  if (res.destroyed) gone.abort()
  else res.once('close', () => gone.abort())
  return gone.signal
}

/**
 * Pipes a stream to the response. A client that disconnects is not an error. A response that turns out shorter
 * than its `Content-Length` is broken off, else the client would wait for the rest.
 *
 * @throws the error of the stream, even one that it had before
 */
export async function sendStream(body: Readable, res: Response): Promise<void> {
  if (body.errored && !isClientGone(body.errored)) throw translateDiskError(body.errored)
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
    if (!isClientGone(error)) throw translateDiskError(error)
    return
  }
  if (announced !== undefined && sent !== Number(announced)) {
    socket?.destroy()
    throw new Error(`the object has ${sent} bytes instead of ${announced}`)
  }
}

/** Headers that keep whatever the bytes are from running in a browser. */
export function setBytesHeaders(
  res: Response,
  { isPublic, etag }: { isPublic: boolean; etag: string },
): void {
  res.set({
    ETag: etag,
    'Cache-Control': `${isPublic ? 'public' : 'private'}, no-cache`,
    'Content-Security-Policy': SANDBOX,
    'X-Content-Type-Options': 'nosniff',
  })
  res.vary('Authorization, X-Link-Password')
}

export function isFresh(req: Request, res: Response): boolean {
  const { 'cache-control': _reload, ...conditions } = req.headers
  return fresh(conditions, { etag: res.get('ETag'), 'last-modified': res.get('Last-Modified') })
}

function describe(object: Sendable, res: Response): void {
  const { mediaType, name, inline, modifiedAt, isPublic, sha256 } = object
  setBytesHeaders(res, { isPublic, etag: `"${sha256}"` })
  res.set({
    'Accept-Ranges': 'bytes',
    'Content-Disposition': contentDisposition(name, { type: inline ? 'inline' : 'attachment' }),
    'Last-Modified': modifiedAt.toUTCString(),
  })
  // not by `set`, which would claim an encoding
  res.setHeader('Content-Type', JAVASCRIPT.test(mediaType) ? 'text/plain' : mediaType)
}

/** `bytes=first-last`, `bytes=first-` or `bytes=-length`; the unit in any case (RFC 9110 §14.1). */
const ONE_RANGE = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i

/**
 * Returns the bytes that the `Range` header asks for; undefined where the whole file is the answer: without a range,
 * with several of them, with another unit or a malformed range (RFC 9110 §14.2).
 *
 * @throws range_not_satisfiable
 */
function rangeOf(req: Request, { size, sha256, modifiedAt }: Sendable): ByteRange | undefined {
  const [found, first = '', last = ''] = ONE_RANGE.exec(req.get('Range') ?? '') ?? []
  if (!found || !ifRangeHolds(req.get('If-Range'), `"${sha256}"`, modifiedAt)) return undefined
  if (first === '') return suffixOf(size, last)
  if (last !== '' && Number(last) < Number(first)) return undefined
  if (Number(first) >= size) throw rangeNotSatisfiable(size)
  return { start: Number(first), end: last === '' ? size - 1 : Math.min(Number(last), size - 1) }
}

/** Returns the last bytes of a file. An empty file has no byte that a partial answer could name: it is sent whole. */
function suffixOf(size: number, length: string): ByteRange | undefined {
  if (length === '' || (size === 0 && Number(length) > 0)) return undefined
  if (Number(length) === 0) throw rangeNotSatisfiable(size)
  return { start: Math.max(0, size - Number(length)), end: size - 1 }
}

/** RFC 9110 §13.1.5: an entity tag compares strongly, a date exactly. */
function ifRangeHolds(condition: string | undefined, etag: string, modifiedAt: Date): boolean {
  if (condition === undefined) return true
  return condition.startsWith('"') ? condition === etag : condition === modifiedAt.toUTCString()
}

function isClientGone(error: unknown): boolean {
  const { code, name } = error as NodeJS.ErrnoException
  return (
    code === 'ERR_STREAM_PREMATURE_CLOSE' ||
    code === 'ECONNRESET' ||
    code === 'EPIPE' ||
    name === 'AbortError'
  )
}
