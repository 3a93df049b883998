import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { parse } from 'yaml'

/** Found through package.json ("imports"), so from the sources and from dist/ alike, under any loader. */
const path = createRequire(import.meta.url).resolve('#docs/openapi.yaml')

/**
 * The OpenAPI document as JSON, serialized once: doing it for each request blocks the event loop for milliseconds.
 * Imported when it is first asked for, because parsing so much YAML takes as long as half of a start.
 */
export const openApiJson = Buffer.from(JSON.stringify(parse(readFileSync(path, 'utf8'))))

export const openApiETag = `"${createHash('sha256').update(openApiJson).digest('base64url')}"`
