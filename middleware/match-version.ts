import type { RequestHandler } from 'express'
import { versionConflict } from '../app/errors.ts'

const VERSION = /^"(\d+)-[\w-]+"$/

/**
 * `If-Match` (RFC 9110 §13.1.1) against the version part of the asset's ETag: the change is to be made only to
 * what the client has read. `req.expectedVersion` holds it where the client said one.
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
