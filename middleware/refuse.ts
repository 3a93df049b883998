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

/** Methods that only read (RFC 9110 §9.2.1). */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses HTTP/1.1 requests without a `Host` header (RFC 9112 §3.2).
 *
 * @throws malformed_request
 */
export const refuseWithoutHost: RequestHandler = ({ httpVersion, headers }, _res, next) => {
  if (httpVersion === '1.1' && headers.host === undefined)
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
 * A layer of a router (router 2.3). Express does not answer 405 itself, and only the layers know the methods of a path:
 * https://github.com/expressjs/express/issues/2414. @types/express 5.0 describes the layers of Express 4.
 */
interface Layer {
  match(path: string): { path: string } | false
  route?: { methods: Record<string, boolean> }
  handle: { stack?: Layer[] }
}

/**
 * Refuses a known path with a method that it does not have. Comes after the routes.
 *
 * @throws method_not_allowed
 */
export function refuseUnknownMethod(routes: Router): RequestHandler {
  const layers = routes.stack as unknown as Layer[]
  return (req, _res, next) => {
    const allowed = methodsOf(layers, req.path)
    next(allowed.length > 0 ? methodNotAllowed([...new Set(allowed)].sort()) : undefined)
  }
}

function methodsOf(layers: Layer[], path: string): string[] {
  return layers.flatMap((layer) => {
    const matched = layer.match(path)
    if (!matched) return []
    if (layer.route) return Object.keys(layer.route.methods).flatMap(withHead)
    return methodsOf(layer.handle.stack ?? [], path.slice(matched.path.length) || '/')
  })
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
