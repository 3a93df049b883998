import { randomUUID } from 'node:crypto'
import type { Request, RequestHandler, Response, Router } from 'express'
import type { ClientInfo } from '../app/auth/client-info.ts'
import { contextFor } from '../app/events/event-log.ts'
import { isAnswered } from '../config/logger.ts'
import { USER_AGENT_MAX } from '../models/session.ts'
import { patternsOf, routesAt } from './route-table.ts'

/** A request id that a client can choose. */
export const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/

/** Sets `req.id` to the valid `X-Request-Id` of the client, or else to a new id, and sends it in the answer. */
export const assignRequestId: RequestHandler = (req, res, next) => {
  const given = req.get('X-Request-Id')
  req.id = given && REQUEST_ID.test(given) ? given : randomUUID()
  res.set('X-Request-Id', String(req.id))
  next()
}

/** Adds the client to all events of the request. */
export const recordClientInfo: RequestHandler = (req, _res, next) => {
  req.context.proxyCheck.inspect(req.headers)
  const userAgent = req.get('User-Agent')?.slice(0, USER_AGENT_MAX)
  req.context = contextFor(req.context, { address: req.ip, userAgent, requestId: String(req.id) })
  next()
}

/**
 * Returns the absolute address of a path of this service, as the client reached it: by `Host`, or by `X-Forwarded-…` of a
 * trusted proxy. Returns the path alone for a request without a valid host.
 */
export function absoluteUrl({ protocol, host }: Request, path: string): string {
  const base = `${protocol === 'https' ? 'https' : 'http'}://${host}`
  return host !== undefined && URL.canParse(base) ? new URL(path, base).href : path
}

/** Returns the client of a request. Its signal aborts when the connection closes too early. */
export const clientOf = (req: Request): ClientInfo => ({
  address: req.ip,
  userAgent: req.get('User-Agent'),
  ...(req.res ? { signal: closeSignal(req.res) } : {}),
})

/** Returns a signal that aborts when the connection of a response closes before the response was sent. */
export function closeSignal(res: Response): AbortSignal {
  const connection = new AbortController()
  if (res.destroyed) connection.abort()
  else
    res.once('close', () => {
      if (!res.writableFinished) connection.abort()
    })
  return connection.signal
}

/**
 * Returns a middleware that measures the time until the answer ends, by route. The label is the pattern of the route:
 * paths have an unlimited number, and contain ids and tokens. A request that was refused before its route has the pattern
 * of its path.
 */
export function measureDuration(routes: Router): RequestHandler {
  const patterns = patternsOf(routes)
  const patternOf = ({ route }: Request, path: string) => patterns.get(route ?? routeOf(routes, path))
  return (req, res, next) => {
    const { path } = req
    const end = req.context.metrics.answers.startTimer()
    const labelsOf = () => ({
      method: req.method,
      route: patternOf(req, path) ?? 'none',
      status: isAnswered(res) ? res.statusCode : 'aborted',
    })
    res.once('close', () => end(labelsOf()))
    next()
  }
}

function routeOf(routes: Router, path: string): object | undefined {
  try {
    return routesAt(routes, path)[0]
  } catch (error) {
    // the path cannot be decoded
    if (error instanceof URIError) return undefined
    throw error
  }
}
