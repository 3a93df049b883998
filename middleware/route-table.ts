import type { Router } from 'express'

/** A route as the router keeps it. */
interface Route {
  methods: Record<string, boolean>
}

/** A layer of a router (router 2.3). @types/express 5.0 describes the layers of Express 4. */
interface Layer {
  rawPath: string
  match(path: string): { path: string } | false
  route?: Route
  handle: { stack?: Layer[] }
}

const layersOf = (router: Router) => router.stack as unknown as Layer[]

/**
 * Returns the routes of a path, of all methods.
 *
 * @throws URIError for a path that cannot be decoded
 */
export const routesAt = (router: Router, path: string): Route[] => routesIn(layersOf(router), path)

function routesIn(layers: Layer[], path: string): Route[] {
  return layers.flatMap((layer) => {
    const matched = layer.match(path)
    if (!matched) return []
    return layer.route ?? routesIn(layer.handle.stack ?? [], path.slice(matched.path.length) || '/')
  })
}

/** Returns the whole pattern of each route, such as `/api/assets/:assetId`. */
export const patternsOf = (router: Router): Map<object, string> => new Map(patternsIn(layersOf(router), ''))

function patternsIn(layers: Layer[], mount: string): [route: object, pattern: string][] {
  return layers.flatMap(({ rawPath, route, handle }) => {
    const pattern = `${mount}${rawPath}`.replace(/\/+/g, '/')
    if (route) return [[route, pattern.replace(/(.)\/$/, '$1')]]
    return patternsIn(handle.stack ?? [], pattern)
  })
}
