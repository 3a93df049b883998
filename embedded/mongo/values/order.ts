import type { Binary, BSONRegExp, Timestamp } from 'bson'
import { type Doc, Rank, rankOf } from './types.ts'

const sign = (a: number | bigint | string, b: number | bigint | string) => (a < b ? -1 : a > b ? 1 : 0)

/** Orders any two values as MongoDB does: by type, then by value. Answers a negative number, 0 or a positive one. */
export function compare(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  const rank = rankOf(a)
  const difference = rank - rankOf(b)
  if (difference !== 0) return difference
  switch (rank) {
    case Rank.number:
      return compareNumbers(a as number, b as number)
    case Rank.string:
      return compareText(a as string, b as string)
    case Rank.object:
      return compareDocs(a as Doc, b as Doc)
    case Rank.array:
      return compareArrays(a as unknown[], b as unknown[])
    case Rank.binary:
      return compareBinary(a as Binary, b as Binary)
    case Rank.boolean:
    case Rank.date:
      return sign(Number(a), Number(b))
    case Rank.objectId:
      return sign(String(a), String(b))
    case Rank.timestamp:
      return sign((a as Timestamp).toBigInt(), (b as Timestamp).toBigInt())
    case Rank.regex:
      return compareRegex(a, b)
    default:
      return 0
  }
}

export const isEqual = (a: unknown, b: unknown) => compare(a, b) === 0

/** NaN is less than every number and equal to itself. */
function compareNumbers(a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1
  return Number.isNaN(b) ? 1 : sign(a, b)
}

/** MongoDB compares bytes of UTF-8; UTF-16 differs only where surrogates meet the code units above them. */
function compareText(a: string, b: string): number {
  return a === b ? 0 : sign(byCodePoint(a), byCodePoint(b))
}

/** The same string with code units shifted so that comparing them orders by code point. */
export function byCodePoint(text: string): string {
  return /[\ud800-\uffff]/.test(text)
    ? text.replace(/[\ud800-\uffff]/g, (unit) => {
        const code = unit.charCodeAt(0)
        return String.fromCharCode(code >= 0xe000 ? code - 0x800 : code + 0x2000)
      })
    : text
}

function compareDocs(a: Doc, b: Doc): number {
  const left = Object.entries(a)
  const right = Object.entries(b)
  for (const [i, [field, value]] of left.entries()) {
    const other = right[i]
    if (!other) return 1
    const order = rankOf(value) - rankOf(other[1]) || compareText(field, other[0]) || compare(value, other[1])
    if (order !== 0) return order
  }
  return left.length - right.length
}

function compareArrays(a: unknown[], b: unknown[]): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i += 1) {
    const order = compare(a[i], b[i])
    if (order !== 0) return order
  }
  return a.length - b.length
}

function compareBinary(a: Binary, b: Binary): number {
  return a.length() - b.length() || a.sub_type - b.sub_type || Buffer.compare(a.value(), b.value())
}

/** Pattern and options of a regular expression, however the codec decoded it. */
export function regexParts(value: unknown): { pattern: string; options: string } {
  if (value instanceof RegExp) return { pattern: value.source, options: value.flags }
  const { pattern, options } = value as BSONRegExp
  return { pattern, options }
}

function compareRegex(a: unknown, b: unknown): number {
  const left = regexParts(a)
  const right = regexParts(b)
  return compareText(left.pattern, right.pattern) || compareText(left.options, right.options)
}
