import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { RequestHandler } from 'express'
import { versionConflict } from '../app/errors.ts'
import { sendJson } from '../middleware/send-json.ts'
import { assertUnchanged, isFresh } from './send-object.ts'

/** Resolves a path by the `imports` of package.json, so that it works from the sources and from dist/. */
const pathOf = createRequire(import.meta.url).resolve

/** Sends the OpenAPI document as JSON. */
export const openApi: RequestHandler = async (req, res) => {
  const { openApi } = await import('./openapi/document.ts')
  const { json, etag } = openApi(req.context.config.http.basePath)
  res.set({ 'Cache-Control': 'no-cache', ETag: etag })
  if (isFresh(req, res)) res.status(304).end()
  else sendJson(res, json)
}

/** Matches the beginning of an address in the page. */
const ADDRESS = /(?<=(?:href|src)=")\//g

/**
 * Sends the documentation page. Its addresses begin with the base path.
 *
 * @throws version_conflict for an `If-Match` or `If-Unmodified-Since` that does not match
 */
export function sendPage(specifier: string): RequestHandler {
  const path = pathOf(specifier)
  return async (req, res) => {
    const [source, { mtime: modifiedAt }] = await Promise.all([readFile(path, 'utf8'), stat(path)])
    const html = source.replaceAll(ADDRESS, `${req.context.config.http.basePath}/`)
    const digest = digestOf(html)
    const caching = { 'Cache-Control': 'public, max-age=0', 'Last-Modified': modifiedAt.toUTCString() }
    res.set({ ...caching, ETag: `"${digest}"` })
    assertUnchanged(req, { digest, modifiedAt })
    if (isFresh(req, res)) res.status(304).end()
    else res.type('html').send(html)
  }
}

/**
 * Sends one file that the documentation page loads. A `Range` is ignored, because the page needs none. A client that
 * disconnects is not an error.
 *
 * @throws version_conflict for an `If-Match` or `If-Unmodified-Since` that does not match
 */
export function send(specifier: string): RequestHandler {
  const path = pathOf(specifier)
  let etag: string | undefined
  return async (_req, res, next) => {
    // Without an ETag `send` answers every `If-Match` with 412. Express creates none here.
    etag ??= await etagOf(path)
    res.set('ETag', etag)
    res.sendFile(path, { maxAge: 0, acceptRanges: false }, (error?: Error & { status?: number }) => {
      // An error without a status is an error of the connection, for example a client that disconnected.
      if (error?.status === undefined) return
      next(error.status === 412 ? versionConflict('The file has changed since you read it.') : error)
    })
  }
}

/** Returns a strong ETag of a file (RFC 9110 §8.8.3). */
async function etagOf(path: string): Promise<string> {
  return `"${digestOf(await readFile(path))}"`
}

const digestOf = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('base64url')
