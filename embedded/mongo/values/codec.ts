import { type Document, deserialize, serialize } from 'bson'
import { CommandError } from '../errors.ts'
import { type Doc, isDoc, rankOf } from './types.ts'

/** Bytes of the largest document, as in MongoDB: 16 MiB. */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
/** Levels of nested documents and arrays, as in MongoDB. */
const MAX_DEPTH = 100

/** Decodes BSON. Regular expressions and binaries keep their BSON classes, because JavaScript's lose options and subtypes. */
export const decode = (bytes: Uint8Array): Doc =>
  deserialize(bytes, { bsonRegExp: true, promoteBuffers: false, promoteLongs: true })

export const toBson = (doc: Doc): Uint8Array => serialize(doc as Document, { ignoreUndefined: true })

/** Checks a document before it is stored and returns its BSON bytes. */
export function toStoredBytes(doc: Doc): Uint8Array {
  if (Array.isArray(doc._id)) throw new CommandError(53, "The '_id' value cannot be of type array")
  checkValue(doc, 0)
  for (const field of Object.keys(doc)) {
    if (field.startsWith('$')) {
      throw new CommandError(
        52,
        `The dollar ($) prefixed field '${field}' in '${field}' is not valid for storage.`,
      )
    }
  }
  const bytes = toBson(doc)
  if (bytes.length > MAX_DOCUMENT_BYTES) {
    throw new CommandError(
      10334,
      `BSONObj size: ${bytes.length} is invalid. Size must be between 0 and 16793600(16MB)`,
    )
  }
  return bytes
}

function checkValue(value: unknown, depth: number): void {
  if (depth > MAX_DEPTH) throw new CommandError(15, 'Document exceeds maximum nested object depth')
  if (Array.isArray(value)) for (const element of value) checkValue(element, depth + 1)
  else if (isDoc(value)) for (const field of Object.keys(value)) checkValue(value[field], depth + 1)
  else rankOf(value)
}
