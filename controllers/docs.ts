import { createRequire } from 'node:module'
import type { RequestHandler } from 'express'

/** Found through package.json ("imports"), so from the sources and from dist/ alike, under any loader. */
const pathOf = createRequire(import.meta.url).resolve

/** The OpenAPI document as JSON, for pages and generators of any origin. */
export const openApi: RequestHandler = async (_req, res) => {
  const { openApiDocument } = await import('../app/openapi-document.ts')
  res.set('Cache-Control', 'no-cache').json(openApiDocument)
}

/** Sends one file that belongs to the documentation page. */
export function send(specifier: string): RequestHandler {
  const path = pathOf(specifier)
  return (_req, res, next) => res.sendFile(path, { maxAge: 0 }, (error) => error && next(error))
}
