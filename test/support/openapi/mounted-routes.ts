import type { Express, Router } from 'express'

/** `listRoutes` of the Express 5 router, which its published types do not have yet. */
interface Listing {
  listRoutes(): { path: string; methods?: string[]; router?: Listing }[]
}

/** Returns all mounted routes in the form `GET /api/assets/:assetId`, without duplicates. */
export function mountedRoutes(app: Express): string[] {
  return [...new Set(walk(app.router as Router & Listing, ''))].sort()
}

function walk(router: Listing, prefix: string): string[] {
  return router.listRoutes().flatMap(({ path, methods, router: mounted }) => {
    const full = `${prefix}${path}`.replace(/\/+/g, '/').replace(/(.)\/$/, '$1')
    if (mounted) return walk(mounted, full)
    // Express answers HEAD for every GET route.
    return (methods ?? []).filter((method) => method !== 'HEAD').map((method) => `${method} ${full}`)
  })
}
