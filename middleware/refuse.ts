import type { Request, RequestHandler, Router } from 'express'
import { lockedError } from '../app/assets/change.ts'
import type { Context } from '../app/context.ts'
import {
  malformedRequest,
  methodNotAllowed,
  notFound,
  starting,
  stopping,
  unavailable,
  versionConflict,
} from '../app/errors.ts'
import { isLocked } from '../models/asset.ts'
import { routesAt } from './route-table.ts'

/** Methods that only read (RFC 9110 §9.2.1). */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses HTTP/1.1 requests without a `Host` header, and requests with several (RFC 9112 §3.2): a proxy in front can have
 * used another than Node, which takes the first.
 *
 * @throws malformed_request
 */
export const refuseUnclearHost: RequestHandler = ({ httpVersion, rawHeaders }, _res, next) => {
  // `rawHeaders` has the names and the values in turn
  const hosts = rawHeaders.filter((text, n) => n % 2 === 0 && text.length === 4 && /^host$/i.test(text))
  if (hosts.length > 1) throw malformedRequest('The request has several Host headers. Send one.')
  if (httpVersion === '1.1' && hosts.length === 0)
    throw malformedRequest('The request has no Host header. Send one.')
  next()
}

/**
 * Refuses all requests until the database can be read, and requests that write until it can be written.
 *
 * @throws unavailable
 */
export const refuseUnprepared: RequestHandler = (req, _res, next) => {
  if (!req.context.prepared) throw starting()
  if (!SAFE_METHODS.has(req.method)) assertWritable(req.context)
  next()
}

/**
 * Checks that writes are served at the moment. They are not while unique indexes are missing, for example.
 *
 * @throws unavailable
 */
export function assertWritable({ writesRefused }: Pick<Context, 'writesRefused'>): void {
  if (writesRefused !== null) throw unavailable(undefined, writesRefused.message)
}

/**
 * Refuses new requests while the process drains. A client that repeats the request reaches another process.
 *
 * @throws unavailable
 */
export const refuseWhenStopping: RequestHandler = (req, res, next) => {
  if (!req.context.stopping.aborted) return next()
  res.set('Connection', 'close')
  throw stopping()
}

/**
 * Refuses an upload to a locked asset before its body is read. The use case checks the lock again.
 *
 * @throws locked
 */
export const refuseLocked: RequestHandler = (req, _res, next) => {
  const now = req.context.clock.now()
  if (req.asset && isLocked(req.asset, now)) throw lockedError(req.asset, now)
  next()
}

/**
 * Refuses `If-None-Match: *` (RFC 9110 §13.1.2) on a route that replaces what is there.
 *
 * @throws version_conflict
 */
export const refuseReplacement: RequestHandler = (req, _res, next) => {
  if (createsOnly(req))
    throw versionConflict('The asset has files already. Send no If-None-Match to replace them.')
  next()
}

/** Returns whether a request must not replace what is there (`If-None-Match: *`). */
export const createsOnly = (req: Request): boolean => req.get('If-None-Match')?.trim() === '*'

/**
 * Refuses a known path with a method that it does not have. Comes after the routes. Express does not answer 405 itself:
 * https://github.com/expressjs/express/issues/2414.
 *
 * @throws method_not_allowed
 */
export function refuseUnknownMethod(routes: Router): RequestHandler {
  return (req, _res, next) => {
    const methods = routesAt(routes, req.path).flatMap((route) => Object.keys(route.methods))
    const allowed = new Set(methods.flatMap(withHead))
    next(allowed.size > 0 ? methodNotAllowed([...allowed].sort()) : undefined)
  }
}

/** Returns the HTTP methods of a route's method: Express answers HEAD wherever it answers GET. */
const withHead = (method: string) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()])

/**
 * Refuses every request that reaches it. Comes last.
 *
 * @throws not_found
 */
export const refuseUnknownPath: RequestHandler = () => {
  throw notFound()
}
