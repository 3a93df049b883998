import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { parse } from 'yaml'

/** Found through package.json ("imports"), so from the sources and from dist/ alike, under any loader. */
const path = createRequire(import.meta.url).resolve('#docs/openapi.yaml')

/** Imported when it is first asked for: reading so much YAML takes as long as half of a start. */
export const openApiDocument: unknown = parse(readFileSync(path, 'utf8'))
