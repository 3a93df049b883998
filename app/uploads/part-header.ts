import { malformedUpload, unsupportedMedia } from '../errors.ts'
import { readContentDigest } from './content-digest.ts'

/** The header of one part of a multipart body. */
export interface PartHeader {
  /** The name of the field. */
  name: string
  /** Undefined if the header has no file name, `''` if it is empty. */
  fileName: string | undefined
  /** The media type of a part without a file name, in lower case; `''` if the header has none. */
  mediaType: string
  /** The label of the character set, in lower case. */
  charset: string | undefined
  /** The SHA-256 of the content that the client sends in `Content-Digest`, in hex. */
  digest: string | undefined
}

/** A header value: the text before the first `;` in lower case, and the parameters. Unreadable ones are null. */
interface HeaderValue {
  value: string
  parameters: Map<string, string | null>
}

/** The name of a file whose name is missing or unreadable. */
export const UNNAMED = 'file'

/** The character sets of fields that the parser supports. */
const CHARSETS = new Set(['utf-8', 'windows-1252', 'utf-16le'])

const LINE = /^([\w!#$%&'*+.^`|~-]+):(.*)$/s
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/
/** Characters that a header value cannot have: control characters except the tab. */
const CONTROL = /[^\t\x20-\x7e\x80-\xff]/
const ENCODINGS = new Set(['7bit', '8bit', 'binary'])

const malformed = (message: string) => malformedUpload(undefined, message)

/**
 * Reads the lines between a boundary and the content of its part (RFC 7578 §4, RFC 2046 §5.1).
 *
 * @throws malformed_upload when a line is unreadable, the field has no name, or the content is encoded
 */
export function readPartHeader(block: string): PartHeader {
  const headers = new Map<string, string>()
  for (const line of block.replaceAll(/\r\n(?=[ \t])/g, '').split('\r\n')) {
    const [, key = '', value = ''] = LINE.exec(line) ?? []
    if (!key || CONTROL.test(value)) throw malformed('The header of a part cannot be read.')
    const name = key.toLowerCase()
    if (headers.has(name)) throw malformed(`A part has the header ${key} twice.`)
    headers.set(name, value.trim())
  }
  assertWhole(headers)
  const { value, parameters } = parseHeaderValue(headers.get('content-disposition') ?? '')
  if (value !== 'form-data') throw malformed('A part has no Content-Disposition: form-data.')
  const name = parameters.get('name')
  if (!name) throw malformed('A part has no field name.')
  const fileName = readFileName(parameters)
  const type = parseHeaderValue(fileName === undefined ? (headers.get('content-type') ?? '') : '')
  const charset = type.parameters.get('charset')?.toLowerCase()
  const digest = readContentDigest(headers.get('content-digest'))
  return { name: decode(name), fileName, mediaType: type.value, charset, digest }
}

/** @throws malformed_upload, unsupported_media for a part that is encoded, compressed or a range of a file */
function assertWhole(headers: ReadonlyMap<string, string>): void {
  const encoding = headers.get('content-transfer-encoding')
  if (encoding !== undefined && !ENCODINGS.has(encoding.toLowerCase()))
    throw malformed('A part has a Content-Transfer-Encoding. Send the bytes unencoded (RFC 7578 §4.7).')
  if (headers.has('content-range')) throw malformed('A part has a Content-Range. Send whole files.')
  if (!/^(identity)?$/i.test(headers.get('content-encoding') ?? ''))
    throw unsupportedMedia('A part has a Content-Encoding. Send the bytes unencoded.')
}

/** Prefers `filename*` to `filename` (RFC 6266 §4.3). Browsers escape `"` and line ends only in `filename`. */
function readFileName(parameters: HeaderValue['parameters']): string | undefined {
  const plain = parameters.get('filename')
  const extended = parameters.get('filename*')
  const decoded = typeof extended === 'string' ? decodeExtended(extended) : extended
  if (decoded) return decoded
  if (plain) return decode(plain).replace(/%(22|0[AD])/gi, (escaped) => decodeURIComponent(escaped))
  if (plain === null || decoded === null) return UNNAMED
  return plain ?? decoded
}

/**
 * Splits a header value at its semicolons, in linear time.
 *
 * @throws malformed_upload for a parameter without a name or given twice
 */
export function parseHeaderValue(text: string): HeaderValue {
  const parameters: HeaderValue['parameters'] = new Map()
  const first = endOf(text, 0)
  const value = text.slice(0, first).trim().toLowerCase()
  for (let at = first; at < text.length; ) {
    const { raw, end } = nextParameter(text, at + 1)
    at = end
    if (raw.trim() === '') continue
    const equals = raw.indexOf('=')
    const name = raw.slice(0, Math.max(0, equals)).trim().toLowerCase()
    if (!TOKEN.test(name)) throw malformed('A header parameter cannot be read.')
    if (parameters.has(name)) throw malformed(`The header parameter ${name} is given twice.`)
    parameters.set(name, unquote(raw.slice(equals + 1).trim()))
  }
  return { value, parameters }
}

const endOf = (text: string, from: number) => {
  const end = text.indexOf(';', from)
  return end < 0 ? text.length : end
}

/** Returns the unparsed parameter: the text up to the next semicolon outside of quotes. */
function nextParameter(text: string, from: number): { raw: string; end: number } {
  let quoted = false
  let at = from
  for (; at < text.length; at++) {
    const character = text[at]
    if (quoted && character === '\\' && isEscape(text[at + 1])) at++
    else if (character === '"') quoted = !quoted
    else if (character === ';' && !quoted) break
  }
  return { raw: text.slice(from, at), end: at }
}

const isEscape = (character: string | undefined) => character === '"' || character === '\\'

/** Returns the value of a parameter; null if its quotes are not paired. A backslash escapes only `"` and `\\`. */
function unquote(raw: string): string | null {
  if (!raw.startsWith('"')) return raw === '' || raw.includes('"') ? null : raw
  let value = ''
  for (let at = 1; at < raw.length; at++) {
    if (raw[at] === '"') return at === raw.length - 1 ? value : null
    if (raw[at] === '\\' && isEscape(raw[at + 1])) at++
    value += raw[at]
  }
  return null
}

/** Decodes header bytes, given as a Latin-1 string, from UTF-8 or else from Windows-1252. */
const decode = (text: string): string => decodeUtf8(Buffer.from(text, 'latin1')) ?? decodeWindows1252(text)

/** Characters 0x80 to 0x9f of Windows-1252. The others are those of Latin-1. */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

/**
 * Decodes bytes, given as a Latin-1 string, from Windows-1252. `TextDecoder` returns control characters for some of them
 * in many releases of Node: https://github.com/nodejs/node/issues/56542.
 */
export const decodeWindows1252 = (text: string): string =>
  text.replace(/[\x80-\x9f]/g, (one) => WINDOWS_1252[one.charCodeAt(0) - 0x80] ?? one)

function decodeUtf8(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    // The text is in another character set.
    return null
  }
}

/** Returns the value of `filename*` (RFC 8187 §3.2.1); null if it is unreadable. */
function decodeExtended(text: string): string | null {
  const [charset = '', , ...rest] = text.split("'")
  if (rest.length === 0) return null
  const value = rest.join("'")
  if (/%(?![\da-f]{2})/i.test(value)) return null
  const bytes = Buffer.from(
    value.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
  if (/^utf-?8$/i.test(charset)) return decodeUtf8(bytes)
  return /^iso-8859-1$/i.test(charset) ? bytes.toString('latin1') : null
}

/** Returns the parser's name of a character set. @throws unsupported_media */
export function encodingOf(label = 'utf-8'): string {
  const encoding = nameEncoding(label)
  if (!CHARSETS.has(encoding)) throw unsupportedMedia('The fields of an upload must be in UTF-8.')
  return encoding
}

function nameEncoding(label: string): string {
  try {
    return new TextDecoder(label).encoding
  } catch {
    // The character set does not exist.
    return ''
  }
}
