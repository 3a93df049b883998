// JavaScript, because `npm run build` runs it without a compiler.
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'

/** The file that the joined document begins with. */
const ROOT = 'root.yaml'
/** Levels of maps that several files can fill: the document, `paths` and `components`, one path or kind of component. */
const SHARED_LEVELS = 3

const FORM_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data']

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
  for (const item of Object.values(document.paths ?? {}))
    for (const [method, operation] of Object.entries(item))
      declareForms(method, operation.requestBody?.content ?? {})
  return document
}

/**
 * Adds the other media types of an operation that takes JSON. A form has the same fields, unless the source declares others.
 *
 * @param {string} method
 * @param {Record<string, { schema: object }>} content
 */
function declareForms(method, content) {
  const { schema } = content['application/json'] ?? {}
  if (!schema) return
  if (method === 'patch') content['application/merge-patch+json'] ??= { schema }
  const form = content[FORM_TYPES[0]] ?? { schema: withoutObjects(schema) }
  for (const type of FORM_TYPES) content[type] ??= form
}

/** Returns the schema of the fields that a form can have: those whose value is no object. */
function withoutObjects({ properties = {}, ...schema }) {
  const ofForm = Object.entries(properties).filter(([, { type }]) => ![type].flat().includes('object'))
  return { ...schema, ...(ofForm.length > 0 ? { properties: Object.fromEntries(ofForm) } : {}) }
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
