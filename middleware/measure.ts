import type { Request, RequestHandler } from 'express'

/** Times every answer under its route: never under an address, of which there is no end. */
export const measure: RequestHandler = (req, res, next) => {
  const end = req.context.metrics.answers.startTimer()
  res.once('close', () => end({ method: req.method, route: routeOf(req), status: res.statusCode }))
  next()
}

/** Where the router is mounted, which no caller can choose once a route has matched, and the route's pattern. */
function routeOf({ originalUrl, route }: Request): string {
  if (!route) return 'none'
  const [mount = ''] = /^\/api\/[a-z]+/.exec(originalUrl) ?? []
  return `${mount}${route.path}`
}
