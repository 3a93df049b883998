import type { Express, Router } from 'express'

/** What Express 5's router tells of itself; its published types do not have it yet. */
interface Listing {
  listRoutes(): { path: string; methods?: string[]; router?: Listing }[]
}

/** Every route that is mounted, as `GET /api/assets/:assetId`, each once. */
export function mountedRoutes(app: Express): string[] {
  return [...new Set(walk(app.router as Router & Listing, ''))].sort()
}

function walk(router: Listing, prefix: string): string[] {
  return router.listRoutes().flatMap(({ path, methods, router: mounted }) => {
    const full = `${prefix}${path}`.replace(/\/+/g, '/').replace(/(.)\/$/, '$1')
    if (mounted) return walk(mounted, full)
    // Express answers HEAD wherever it answers GET
    return (methods ?? []).filter((method) => method !== 'HEAD').map((method) => `${method} ${full}`)
  })
}
