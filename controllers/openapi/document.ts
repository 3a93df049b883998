import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'

/** `npm run build` joins the document once and writes it beside the program. Beside the sources there is no such file. */
const BUILT = new URL('openapi.json', import.meta.url)

/**
 * The OpenAPI document as JSON, serialized once: doing it for each request blocks the event loop for milliseconds.
 * Imported at the first request, because parsing the YAML of the sources takes as long as half of a start.
 */
export const openApiJson = existsSync(BUILT)
  ? readFileSync(BUILT)
  : Buffer.from(JSON.stringify((await import('./join.js')).joinOpenApi()))

export const openApiETag = `"${createHash('sha256').update(openApiJson).digest('base64url')}"`
