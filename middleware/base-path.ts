import type { RequestHandler } from 'express'

/** Splits a request target in absolute form (RFC 9112 §3.2.2) or origin form into the origin and the rest. */
const TARGET = /^(https?:\/\/[^/?#]*)?(.*)$/is

/**
 * Returns a request target without `BASE_PATH`. Returns targets that do not begin with it unchanged, because a proxy can
 * remove it.
 */
export function withoutBasePath(target: string, basePath: string): string {
  if (basePath === '') return target
  const [, origin = '', path = ''] = TARGET.exec(target) ?? []
  if (!path.startsWith(basePath)) return target
  const rest = path.slice(basePath.length)
  if (rest.startsWith('/')) return origin + rest
  return rest === '' || rest.startsWith('?') ? `${origin}/${rest}` : target
}

/** Returns a middleware that removes `BASE_PATH` from the path of a request, so that routes do not depend on it. */
export function removeBasePath(basePath: string): RequestHandler {
  return (req, _res, next) => {
    req.url = withoutBasePath(req.url, basePath)
    req.originalUrl = req.url
    next()
  }
}
