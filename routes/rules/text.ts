import type { ValidationChain } from 'express-validator'
import { cleanName, hasVisible } from '../../models/text.ts'

interface Length {
  /** In characters, as Unicode counts them; default 1. */
  min?: number
  max: number
  /** Whether line breaks and tabs may stand in it. */
  lines?: boolean
}

/**
 * Control characters (C0, DEL, C1), lone surrogates, which no UTF-8 can hold, and U+FFFD, which parsers put
 * where the bytes were no UTF-8.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\uFFFD]/u
const UNPRINTABLE_BUT_LINES = /(?![\r\n\t])[\p{Cc}\p{Cs}\uFFFD]/u

/** A string, and nothing that is made into one; no control characters, no invalid text. */
export function text(chain: ValidationChain, { lines = false } = {}): ValidationChain {
  return printable(string(chain), lines ? UNPRINTABLE_BUT_LINES : UNPRINTABLE)
}

/** The name of something, as it is stored: without invisible characters, and with at least one visible one. */
export function nameField(chain: ValidationChain, { max }: Pick<Length, 'max'>): ValidationChain {
  return printable(string(chain).customSanitizer(cleanName), UNPRINTABLE)
    .custom((value: string) => hasVisible(value) && [...value].length <= max)
    .withMessage(`must have 1 to ${max} characters, one of them visible`)
    .bail()
}

function string(chain: ValidationChain): ValidationChain {
  return chain
    .custom((value) => typeof value === 'string')
    .withMessage('must be text')
    .bail()
}

function printable(chain: ValidationChain, unprintable: RegExp): ValidationChain {
  return chain
    .custom((value: string) => !unprintable.test(value))
    .withMessage('must not contain control characters or invalid text')
    .bail()
}

/** Text of a length, not blank unless it may be empty. */
export function textField(chain: ValidationChain, { min = 1, max, lines = false }: Length): ValidationChain {
  return text(chain, { lines })
    .custom((value: string) => {
      const length = [...value].length
      return length >= min && length <= max && (min === 0 || value.trim() !== '')
    })
    .withMessage(`must have ${min} to ${max} characters`)
    .bail()
}

/** A field that may be absent, or null to clear it; begin a chain with it. */
export function nullable(chain: ValidationChain): ValidationChain {
  return chain.optional().if((value: unknown) => value !== null)
}
