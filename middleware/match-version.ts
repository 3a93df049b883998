import type { RequestHandler } from 'express'
import { versionConflict } from '../app/errors.ts'

/** An ETag of an asset, also if a proxy made it weak because it has compressed the answer. */
const VERSION = /^(?:W\/)?"(\d+)-[\w-]+"$/

/**
 * Compares `If-Match` (RFC 9110 §13.1.1) with the version in the asset's ETag and sets `req.expectedVersion`, so that the
 * change applies only to the version that the client has read.
 *
 * @throws version_conflict
 */
export const matchVersion: RequestHandler = (req, _res, next) => {
  const header = req.get('If-Match')
  if (header !== undefined && header.trim() !== '*') {
    const versions = header.split(',').map((tag) => Number(VERSION.exec(tag.trim())?.[1]))
    if (!req.asset || !versions.includes(req.asset.version)) throw versionConflict()
    req.expectedVersion = req.asset.version
  }
  next()
}
