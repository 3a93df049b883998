import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { create as contentDisposition } from 'content-disposition'
import type { Request, Response } from 'express'
import fresh from 'fresh'
import parseRange from 'range-parser'
import { rangeNotSatisfiable } from '../errors.ts'
import type { ByteRange, ObjectStore } from './object-store.ts'

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
  const gone = new AbortController()
  res.once('close', () => gone.abort())
  const body = await store.open(object.key, range, gone.signal)
  await begin(!range || range.start === 0).catch((error) => {
    body.destroy()
    throw error
  })
  await sendStream(body, res)
}

/** Pipes to the client; one that closed the connection wanted no more. */
export async function sendStream(body: Readable, res: Response): Promise<void> {
  try {
    await pipeline(body, res)
  } catch (error) {
    if (!isClientGone(error)) throw error
  }
}

/** Headers that keep whatever the bytes are from running in a browser. */
export function describeBytes(res: Response, { isPublic, etag }: { isPublic: boolean; etag: string }): void {
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
  describeBytes(res, { isPublic, etag: `"${sha256}"` })
  res.set({
    'Accept-Ranges': 'bytes',
    'Content-Disposition': contentDisposition(name, { type: inline ? 'inline' : 'attachment' }),
    'Last-Modified': modifiedAt.toUTCString(),
  })
  // not by `set`, which would claim an encoding
  res.setHeader('Content-Type', mediaType)
}

function rangeOf(req: Request, { size, sha256, modifiedAt }: Sendable): ByteRange | undefined {
  const header = req.get('Range')
  if (!header || !ifRangeHolds(req.get('If-Range'), `"${sha256}"`, modifiedAt)) return undefined
  const ranges = parseRange(size, header)
  if (ranges === -1) throw rangeNotSatisfiable(size)
  if (ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return undefined
  return ranges[0]
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
