import type { RequestHandler } from 'express'
import { unavailable } from '../app/errors.ts'
import { assertWritable } from './require-writable.ts'

/** Methods that only read (RFC 9110 section 9.2.1). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Refuses requests until the database can be read, and requests that write until it can be written. */
export const refuseUnprepared: RequestHandler = (req, _res, next) => {
  if (!req.context.prepared) throw unavailable()
  if (!SAFE.has(req.method)) assertWritable(req.context)
  next()
}
