import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'

/** The joined document, which `npm run build` writes into dist/. It does not exist in the source tree. */
const BUILT = new URL('openapi.json', import.meta.url)

/**
 * The OpenAPI document as JSON, serialized once, because that blocks the event loop for milliseconds. Import this module
 * at the first request only: parsing the YAML of the sources takes as long as half of a start.
 */
const source = existsSync(BUILT)
  ? readFileSync(BUILT, 'utf8')
  : JSON.stringify((await import('./join.js')).joinOpenApi())

interface Serialized {
  json: string
  etag: string
}

const documents = new Map<string, Serialized>()

/** Returns the OpenAPI document of a service below a base path, as JSON. */
export function openApi(basePath: string): Serialized {
  const known = documents.get(basePath)
  if (known) return known
  const json = basePath === '' ? source : below(basePath)
  const document = { json, etag: `"${createHash('sha256').update(json).digest('base64url')}"` }
  documents.set(basePath, document)
  return document
}

function below(basePath: string): string {
  const { servers, ...document } = JSON.parse(source)
  return JSON.stringify({ ...document, servers: [{ ...servers[0], url: basePath }] })
}
