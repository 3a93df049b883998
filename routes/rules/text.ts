import type { ValidationChain } from 'express-validator'
import { cleanName, hasVisible } from '../../models/text.ts'
import { type Field, isForm } from './define.ts'

interface Length {
  /** In Unicode code points; default 1. */
  min?: number
  max: number
  /** Whether line breaks and tabs are allowed. */
  lines?: boolean
}

/**
 * Control characters (C0, DEL, C1), lone surrogates, which UTF-8 cannot encode, and U+FFFD, which parsers
 * put in place of invalid UTF-8.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\uFFFD]/u
const UNPRINTABLE_BUT_LINES = /(?![\r\n\t])[\p{Cc}\p{Cs}\uFFFD]/u

/** A string; no other type is converted to one. Control characters and invalid text are refused. */
export const text =
  ({ lines = false } = {}): Field<string> =>
  (chain) =>
    printable(string(chain), lines ? UNPRINTABLE_BUT_LINES : UNPRINTABLE)

/** A name without invisible characters and with at least one visible character. */
export const nameField =
  ({ max }: Pick<Length, 'max'>): Field<string> =>
  (chain) =>
    printable(string(chain).customSanitizer(cleanName), UNPRINTABLE)
      .custom((value: string) => hasVisible(value) && [...value].length <= max)
      .withMessage(`must have 1 to ${max} characters, at least one of them visible`)
      .bail()

function string(chain: ValidationChain): ValidationChain {
  return chain
    .custom((value) => typeof value === 'string')
    .withMessage((value, meta) =>
      isForm(meta) && Array.isArray(value) && value.length > 1
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
  ({ min = 1, max, lines = false }: Length): Field<string> =>
  (chain) =>
    text({ lines })(chain)
      .custom((value: string) => {
        const length = [...value].length
        return length >= min && length <= max && (min === 0 || value.trim() !== '')
      })
      .withMessage(`must have ${min} to ${max} characters`)
      .bail()
