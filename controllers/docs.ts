import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { RequestHandler } from 'express'
import { parse } from 'yaml'

/** Found through package.json ("imports"), so from the sources and from dist/ alike, under any loader. */
const pathOf = createRequire(import.meta.url).resolve

let document: unknown

/** The OpenAPI document as JSON, for pages and generators of any origin. */
export const openApi: RequestHandler = (_req, res) => {
  // when it is first asked for: reading so much YAML takes as long as half of a start
  document ??= parse(readFileSync(pathOf('#docs/openapi.yaml'), 'utf8'))
  res.set('Cache-Control', 'no-cache').json(document)
}

/** Sends one file that belongs to the documentation page. */
export function send(specifier: string): RequestHandler {
  const path = pathOf(specifier)
  return (_req, res, next) => res.sendFile(path, { maxAge: 0 }, (error) => error && next(error))
}
