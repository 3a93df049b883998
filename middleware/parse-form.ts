import type { IncomingHttpHeaders } from 'node:http'
import { pipeline } from 'node:stream/promises'
import busboy from 'busboy'
import type { Request } from 'express'
import { timeout, tooLarge, unsupportedMedia, validationFailed } from '../app/errors.ts'
import { MultipartSource } from '../app/uploads/multipart-source.ts'
import { parseHeaderValue } from '../app/uploads/part-header.ts'
import { JSON_BYTES } from '../config/body-limits.ts'

/** The name and the text of one field, in the order of the body. */
export type Pair = [name: string, value: string]

/** Most fields of a form, repeated ones counted each. */
const MAX_FIELDS = 1000

/** A name with brackets: `outer[inner]`, and what follows. */
const BRACKETS = /^([^[\]]+)\[([^[\]]+)\](.*)$/s

/**
 * Returns the fields of an urlencoded body. Reads it strictly: `URLSearchParams` and `querystring` keep a `%` that encodes
 * nothing and replace invalid UTF-8, so that a password or a name would be stored other than it was meant.
 *
 * @throws validation_failed for a field that is not percent-encoded UTF-8
 * @throws unsupported_media for another charset, and for JSON
 */
export function parseUrlencoded(body: Buffer, contentType: string): Pair[] {
  const charset = parseHeaderValue(contentType).parameters.get('charset')
  if (charset !== undefined && !/^utf-?8$/i.test(String(charset)))
    throw unsupportedMedia('The fields of a form must be in UTF-8.')
  const text = body.toString('latin1')
  // `curl -d` without a header
  if (/^\s*[{[]/.test(text))
    throw unsupportedMedia('The body looks like JSON. Send it with Content-Type: application/json.')
  const pairs = text.split('&').filter((pair) => pair !== '')
  if (pairs.length > MAX_FIELDS) throw tooManyFields()
  return pairs.map((pair) => {
    const end = pair.indexOf('=')
    return end < 0 ? [decode(pair), ''] : [decode(pair.slice(0, end)), decode(pair.slice(end + 1), pair)]
  })
}

const tooManyFields = () => tooLarge(`A form can have at most ${MAX_FIELDS} fields.`)

/** @param raw a name or a value; each character is one byte */
function decode(raw: string, pair = raw): string {
  const escaped = raw
    .replaceAll('+', ' ')
    .replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`)
  try {
    return decodeURIComponent(escaped)
  } catch (error) {
    const message = 'must be percent-encoded UTF-8; a % itself is written as %25'
    throw validationFailed([{ field: pair.split('=', 1).join(), message }], error)
  }
}

/** Returns the error for a body that did not arrive in time. */
export const bodyTimeout = (ms: number) => timeout(`The body did not arrive within ${ms / 1000} s.`)

/** Checks that a body is not encoded. @throws unsupported_media */
export function requireUnencoded(headers: IncomingHttpHeaders): void {
  if (!/^(identity)?$/i.test(headers['content-encoding'] ?? ''))
    throw unsupportedMedia('The body must have no Content-Encoding.')
  if (!/^(chunked)?$/i.test(headers['transfer-encoding'] ?? ''))
    throw unsupportedMedia('The body can have no Transfer-Encoding other than chunked.')
}

/**
 * Reads a multipart body without files. A file is refused as soon as its part begins.
 *
 * @param ms time in which the body must arrive, in milliseconds
 * @throws malformed_upload, timeout, too_large, unsupported_media, validation_failed
 */
export async function readMultipart(req: Request, ms: number): Promise<Pair[]> {
  requireUnencoded(req.headers)
  const { minBytesPerSecond } = req.context.config.uploads
  const source = new MultipartSource(req, { fileField: () => undefined, bytesPerSecond: minBytesPerSecond })
  const timer = setTimeout(() => source.destroy(bodyTimeout(ms)), ms)
  let bytes = 0
  const count = (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > JSON_BYTES) source.destroy(tooLarge('The request body is larger than 100 kB.'))
  }
  req.on('data', count)
  const pairs: Pair[] = []
  const { headers } = source
  const parser = busboy({ headers, defParamCharset: 'utf8', limits: { fieldSize: JSON_BYTES } })
  parser.on('field', (index, value) => {
    if (pairs.push([source.fieldName(index), value]) > MAX_FIELDS) source.destroy(tooManyFields())
  })
  parser.on('file', (field, file) => {
    file.on('error', () => undefined).resume()
    source.destroy(validationFailed([{ field, message: 'is a file, but this route takes no files' }]))
  })
  try {
    await pipeline(source, parser)
    return pairs
  } catch (error) {
    throw source.errored ?? error
  } finally {
    clearTimeout(timer)
    req.off('data', count)
    source.destroy()
  }
}

/**
 * Returns the fields of a form as an object without prototype. A repeated field has a list of its texts. So does one whose
 * name ends with `[]`, as jQuery, PHP and axios write lists: `tags[]` means `tags`. Other brackets stay in the name, so
 * that no rule knows the field.
 *
 * @param nests whether one level of brackets means a nested object: `a[b]=c` means `{a: {b: 'c'}}`
 */
export function fieldsOf(pairs: Pair[], nests: boolean): Record<string, unknown> {
  const fields = emptyFields()
  for (const [written, value] of pairs) {
    const isList = written.endsWith('[]') && written.length > 2
    const name = isList ? written.slice(0, -2) : written
    const before = fields[name]
    if (Array.isArray(before)) before.push(value)
    else if (before !== undefined) fields[name] = [before, value]
    else fields[name] = isList ? [value] : value
  }
  return nests ? nest(fields) : fields
}

/**
 * Moves fields with brackets into objects. A name with more brackets, `a[b][c]`, means an object in place of the text of
 * `a[b]`, which no rule takes.
 */
function nest(fields: Record<string, unknown>): Record<string, unknown> {
  for (const [name, value] of Object.entries(fields)) {
    const [, outer, inner, rest = ''] = BRACKETS.exec(name) ?? []
    if (outer === undefined || inner === undefined) continue
    fields[outer] ??= emptyFields()
    const object = fields[outer]
    // a field that is a text as well keeps its brackets, and no rule knows it
    if (typeof object !== 'object' || Array.isArray(object)) continue
    const nested = object as Record<string, unknown>
    nested[inner] = rest === '' && !(inner in nested) ? value : emptyFields()
    delete fields[name]
  }
  return fields
}

const emptyFields = (): Record<string, unknown> => Object.create(null)
