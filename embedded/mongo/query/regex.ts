import { CommandError } from '../errors.ts'
import { regexParts } from '../values/order.ts'
import { isRegex } from '../values/types.ts'

/** A JavaScript expression for a BSON one; options that JavaScript lacks (`x`) are refused (51091). */
export function toRegExp(pattern: unknown, options?: string): RegExp {
  const parts = isRegex(pattern) ? regexParts(pattern) : { pattern: String(pattern), options: '' }
  const flags = (options ?? parts.options).replace(/[gu]/g, '')
  try {
    if (!/^[ims]*$/.test(flags)) throw new Error(`invalid flag in regex options: ${flags}`)
    return new RegExp(parts.pattern, [...new Set(flags)].join(''))
  } catch (error) {
    throw new CommandError(
      51091,
      `Regular expression is invalid: ${error instanceof Error ? error.message : error}`,
    )
  }
}

/** The literal every match must begin with, when the pattern is anchored; null when there is none. */
export function anchoredPrefix(regex: RegExp): string | null {
  if (regex.flags.replace('s', '') !== '' || regex.source.includes('|')) return null
  const literal = /^\^((?:\\[^a-zA-Z0-9]|[^\\^$.*+?()[\]{}|])+)/.exec(regex.source)?.[1]
  if (!literal) return null
  const next = regex.source[literal.length + 1] ?? ''
  const text = literal.replace(/\\(.)/g, '$1')
  return '*?{'.includes(next) && next !== '' ? text.slice(0, -1) || null : text
}
