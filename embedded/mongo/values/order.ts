import type { Binary } from 'bson'
import { type Doc, Rank, rankOf } from './types.ts'

const RESERVED = new RegExp(`[${String.fromCharCode(0, 1)}]`)
const RESERVED_ALL = new RegExp(RESERVED, 'g')
const float = new Float64Array(1)
const units = new Uint16Array(float.buffer)

/**
 * Encodes a value as a string, so that `<` on strings sorts as MongoDB sorts values: by type, then by value. The first
 * code unit is the rank of the type. Two values have the same string only if they are equal.
 */
export function encode(value: unknown): string {
  const rank = rankOf(value)
  return String.fromCharCode(rank) + payload(rank, value)
}

/** Compares two values of any type. Returns -1, 0 or 1. */
export function compare(a: unknown, b: unknown): number {
  const [left, right] = [encode(a), encode(b)]
  return left < right ? -1 : left > right ? 1 : 0
}

export const isEqual = (a: unknown, b: unknown) => encode(a) === encode(b)

function payload(rank: Rank, value: unknown): string {
  switch (rank) {
    case Rank.number:
    case Rank.date:
      return encodeNumber(Number(value))
    case Rank.string:
      return encodeString(value as string)
    case Rank.object:
      return encodeDoc(value as Doc)
    case Rank.array:
      return `${(value as unknown[]).map(encode).join('')}\0`
    case Rank.binData:
      return encodeBinary(value as Binary)
    case Rank.objectId:
      return String(value)
    case Rank.bool:
      return value ? '1' : '0'
    default:
      return ''
  }
}

/** Encodes the bits of a double as four code units that sort as the numbers do. NaN is first. */
function encodeNumber(value: number): string {
  if (Number.isNaN(value)) return '\0\0\0\0'
  float[0] = value === 0 ? 0 : value
  const [a = 0, b = 0, c = 0, d = 0] = units
  return value < 0
    ? String.fromCharCode(d ^ 0xffff, c ^ 0xffff, b ^ 0xffff, a ^ 0xffff)
    : String.fromCharCode(d ^ 0x8000, c, b, a)
}

/** Encodes a string with an end mark. The mark is less than every character, so that a prefix sorts first. */
function encodeString(text: string): string {
  const ordered = inCodePointOrder(text)
  return `${RESERVED.test(ordered) ? ordered.replace(RESERVED_ALL, (c) => (c === '\0' ? '\u0001\u0001' : '\u0001\u0002')) : ordered}\0`
}

/** Converts a string so that it sorts as its UTF-8 bytes do. UTF-16 sorts surrogates before the code units above them. */
function inCodePointOrder(text: string): string {
  if (!/[\ud800-\uffff]/.test(text)) return text
  return text.replace(/[\ud800-\uffff]/g, (unit) => {
    const code = unit.charCodeAt(0)
    return String.fromCharCode(code >= 0xe000 ? code - 0x800 : code + 0x2000)
  })
}

function encodeDoc(doc: Doc): string {
  let text = ''
  for (const [field, value] of Object.entries(doc)) {
    const rank = rankOf(value)
    text += String.fromCharCode(rank) + encodeString(field) + payload(rank, value)
  }
  return `${text}\0`
}

function encodeBinary(value: Binary): string {
  const length = value.length()
  const head = String.fromCharCode(length >>> 16, length & 0xffff, value.sub_type)
  return head + Buffer.from(value.value()).toString('latin1')
}
