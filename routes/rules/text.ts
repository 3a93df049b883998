import type { ValidationChain } from 'express-validator'
import { cleanName, codePoints, hasVisible, normalizeText } from '../../models/text.ts'
import { type Field, isForm } from './define.ts'

interface Length {
  /** In Unicode code points; default 1. */
  min?: number
  max: number
  /** Whether line breaks and tabs are allowed. */
  lines?: boolean
  /** Whether blanks and line ends at both ends are removed. */
  trims?: boolean
  /** Whether the text stays in the Unicode form that the client sent, to compare it with what an earlier release stored. */
  asSent?: boolean
}

/**
 * Control characters (C0, DEL, C1), lone surrogates, which UTF-8 cannot encode, and U+FFFD, which parsers
 * put in place of invalid UTF-8.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\uFFFD]/u
const UNPRINTABLE_BUT_LINES = /(?![\r\n\t])[\p{Cc}\p{Cs}\uFFFD]/u

/**
 * A string; no other type is converted to one. Control characters and invalid text are refused. The text is put into NFC
 * before any other check.
 */
export const text =
  ({ lines = false, trims = false, asSent = false }: Omit<Length, 'min' | 'max'> = {}): Field<string> =>
  (chain) => {
    const convert = (value: string) => {
      const converted = asSent ? value : normalizeText(value)
      return trims ? converted.trim() : converted
    }
    return printable(string(chain).customSanitizer(convert), lines ? UNPRINTABLE_BUT_LINES : UNPRINTABLE)
  }

/** A name without invisible characters and with at least one visible character. */
export const nameField =
  ({ max }: Pick<Length, 'max'>): Field<string> =>
  (chain) =>
    printable(string(chain).customSanitizer(cleanName), UNPRINTABLE)
      .custom((value: string) => hasVisible(value) && codePoints(value) <= max)
      .withMessage(`must have 1 to ${max} characters, at least one of them visible`)
      .bail()

/** Most characters of a refused value that a message repeats. */
const MAX_REPEATED = 40

/** Returns the end of a message that says which value was refused. */
export function gotText(value: unknown): string {
  const text = String(value).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD')
  const characters = [...text]
  return `, got \`${characters.slice(0, MAX_REPEATED).join('')}${characters.length > MAX_REPEATED ? '…' : ''}\``
}

function string(chain: ValidationChain): ValidationChain {
  return chain
    .custom((value) => typeof value === 'string')
    .withMessage((value, meta) =>
      (isForm(meta) || meta.location === 'query') && Array.isArray(value) && value.length > 1
        ? `must be given once, not ${value.length} times`
        : 'must be text',
    )
    .bail()
}

function printable(chain: ValidationChain, unprintable: RegExp): ValidationChain {
  return chain
    .custom((value: string) => !unprintable.test(value))
    .withMessage('must not contain control characters or invalid text')
    .bail()
}

/** Text of a limited length. It must not be blank, unless `min` is 0. */
export const textField =
  ({ min = 1, max, ...form }: Length): Field<string> =>
  (chain) =>
    text(form)(chain)
      .custom((value: string) => {
        const length = codePoints(normalizeText(value))
        return length >= min && length <= max && (min === 0 || value.trim() !== '')
      })
      .withMessage(`must have ${min} to ${max} characters`)
      .bail()
