import type { RequestHandler, Router } from 'express'
import { methodNotAllowed } from '../app/errors.ts'

/**
 * A layer of a router (router 2.3). Express has no answer 405 of its own, and only the layers know which methods a path
 * has: https://github.com/expressjs/express/issues/2414. @types/express 5.0 describes the layers of Express 4.
 */
interface Layer {
  match(path: string): { path: string } | false
  route?: { methods: Record<string, boolean> }
  handle: { stack?: Layer[] }
}

/** After the routes: refuses a path that they know, but not with this method. */
export function refuseMethod(routes: Router): RequestHandler {
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
    if (layer.route) return Object.keys(layer.route.methods).flatMap(asSent)
    return methodsOf(layer.handle.stack ?? [], path.slice(matched.path.length) || '/')
  })
}

/** Express answers HEAD wherever it answers GET. */
const asSent = (method: string) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()])
