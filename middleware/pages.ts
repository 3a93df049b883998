import type { Request } from 'express'

/**
 * Paths of the web client's pages. `id` and `token` are what a page is about. A path that is not here, and no route of the
 * API, has the page for missing addresses. That includes the addresses of features that do not exist yet: `/trash`,
 * `/c/:id` (a collection), `/reset/:token` and `/invite/:token`. A new page is added here and in `web/src/app.tsx`.
 */
const PAGES = [
  { name: 'asset', pattern: /^\/a\/(?<id>[^/]+)\/?$/ },
  { name: 'embed', pattern: /^\/embed\/(?<id>[^/]+)\/?$/ },
  { name: 'link', pattern: /^\/s\/(?<token>[^/]+)\/?$/ },
  {
    name: 'plain',
    pattern: /^\/(?:(?:upload|account|sign-in|register|admin(?:\/(?:users|assets|activity))?)\/?)?$/,
  },
] as const

export interface PageAddress {
  name: (typeof PAGES)[number]['name']
  id?: string
  token?: string
}

/** Returns whether a client asks for a page for people: a browser that navigates names `text/html`. */
export const asksForPage = ({ method, headers, context }: Request): boolean =>
  context.config.http.web &&
  (method === 'GET' || method === 'HEAD') &&
  /\btext\/html\b/i.test(headers.accept ?? '')

/** Returns which page a path has; null if none. */
export function pageAt(path: string): PageAddress | null {
  for (const { name, pattern } of PAGES) {
    const match = pattern.exec(path)
    if (match) return { name, ...match.groups }
  }
  return null
}

/** Paths whose answers are for programs, even if a client accepts pages. */
const OF_PROGRAMS = /^\/(?:api|ws|docs|web|images|openapi\.json|metrics|healthz|readyz)(?:\/|$)/i

/** Returns whether a path without a route has the page for missing addresses. */
export const canBePage = (path: string): boolean => !OF_PROGRAMS.test(path)
