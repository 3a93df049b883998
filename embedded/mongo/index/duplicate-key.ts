import { ObjectId } from 'bson'
import { CommandError } from '../errors.ts'
import type { Key } from '../values/keys.ts'
import { encode } from '../values/order.ts'
import { reach } from '../values/path.ts'
import type { Doc } from '../values/types.ts'
import type { IndexSpec } from './spec.ts'

/** The error for a key that is there already, worded as MongoDB does. */
export function duplicateKey(spec: IndexSpec, doc: Doc, namespace: string, key: Key): CommandError {
  const entries = Object.keys(spec.key).map((path, i) => [path, keyedValue(doc, path, key[i])] as const)
  const shown = entries.map(([path, value]) => `${path}: ${show(value)}`)
  return new CommandError(
    11000,
    `E11000 duplicate key error collection: ${namespace} index: ${spec.name} dup key: { ${shown.join(', ')} }`,
    { keyPattern: spec.key, keyValue: Object.fromEntries(entries) },
  )
}

/** The value at a path that a key was made of: of an array the one element. */
function keyedValue(doc: Doc, path: string, code: string | undefined): unknown {
  let found: unknown = null
  reach(doc, path.split('.'), 0, (value) => {
    const match = (Array.isArray(value) ? [...value, value] : [value]).find((item) => encode(item) === code)
    if (match !== undefined) found = match
    return match !== undefined
  })
  return found
}

function show(value: unknown): string {
  if (value instanceof ObjectId) return `ObjectId('${value.toHexString()}')`
  return value instanceof Date ? `new Date(${value.getTime()})` : JSON.stringify(value)
}
