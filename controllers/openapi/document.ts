import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'

/** The joined document, which `npm run build` writes into dist/. It does not exist in the source tree. */
const BUILT = new URL('openapi.json', import.meta.url)

/**
 * The OpenAPI document as JSON, serialized once, because that blocks the event loop for milliseconds. Import this module
 * at the first request only: parsing the YAML of the sources takes as long as half of a start.
 */
export const openApiJson = existsSync(BUILT)
  ? readFileSync(BUILT, 'utf8')
  : JSON.stringify((await import('./join.js')).joinOpenApi())

export const openApiETag = `"${createHash('sha256').update(openApiJson).digest('base64url')}"`
