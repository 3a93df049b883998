// JavaScript, because `npm run build` runs it without a compiler.
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'

/** The file that the joined document begins with. */
const ROOT = 'root.yaml'
/** Levels of maps that several files can fill: the document, `paths` and `components`, one path or kind of component. */
const SHARED_LEVELS = 3

/** Returns the folder with the parts of the OpenAPI document, found through package.json ("imports"). */
export const openApiFolder = () => dirname(createRequire(import.meta.url).resolve(`#docs/openapi/${ROOT}`))

/**
 * Returns the OpenAPI document, joined from every YAML file of a folder.
 *
 * @param {string} [folder]
 * @throws where two files have the same operation, component or other entry
 */
export function joinOpenApi(folder = openApiFolder()) {
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml') && name !== ROOT)
  const document = {}
  for (const name of [ROOT, ...names.sort()])
    merge(document, parse(readFileSync(join(folder, name), 'utf8')), SHARED_LEVELS, name)
  return document
}

function merge(target, part, levels, place) {
  for (const [key, value] of Object.entries(part)) {
    if (!Object.hasOwn(target, key)) target[key] = value
    else if (levels > 1 && isMap(target[key]) && isMap(value))
      merge(target[key], value, levels - 1, `${place}: ${key}`)
    else throw new Error(`${place}: ${key} is in another file of the OpenAPI document too`)
  }
}

const isMap = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
