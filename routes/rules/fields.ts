import type { ValidationChain } from 'express-validator'
import { normalizeTags } from '../../models/asset.ts'
import { hasVisible } from '../../models/text.ts'
import { type DayEdge, parseMoment } from './moment.ts'
import { text } from './text.ts'

/** One of the given words. */
export function choice(chain: ValidationChain, words: readonly string[]): ValidationChain {
  return text(chain)
    .custom((value: string) => words.includes(value))
    .withMessage(`must be ${words.join(', ').replace(/, ([^,]*)$/, ' or $1')}`)
}

/** `1` or `0`. */
export function flag(chain: ValidationChain): ValidationChain {
  return choice(chain, ['0', '1']).customSanitizer((value) => value === '1')
}

/** A whole number in decimal digits. */
export function wholeNumber(
  chain: ValidationChain,
  { min, max = Number.MAX_SAFE_INTEGER }: { min: number; max?: number },
): ValidationChain {
  return text(chain)
    .custom((value: string) => /^\d{1,16}$/.test(value) && Number(value) >= min && Number(value) <= max)
    .withMessage(`must be a whole number from ${min} to ${max}`)
    .bail()
    .toInt()
}

/** A date-time with a zone (RFC 3339 §5.6), or a bare day, which means the whole day in UTC. */
export function moment(chain: ValidationChain, edge: DayEdge): ValidationChain {
  return text(chain)
    .custom((value: string) => parseMoment(value, edge) !== null)
    .withMessage('must be a date-time with a zone, as 2026-11-30T12:00:00Z, or a day, as 2026-11-30')
    .bail()
    .customSanitizer((value: string) => parseMoment(value, edge))
}

interface TagLimits {
  max: number
  each: { min: number; max: number }
}

/** Tags, repeated or comma-separated or both; they come out as they are kept. */
export function tagList(chain: ValidationChain, { max, each }: TagLimits): ValidationChain {
  const withinLimits = (tags: string[]) =>
    tags.every((tag) => hasVisible(tag) && [...tag].length <= each.max && !/[\p{Cc}\p{Cs}\uFFFD]/u.test(tag))
  return chain
    .custom((value: unknown) => [value].flat().every((tag) => typeof tag === 'string'))
    .withMessage('must be text, or a list of texts')
    .bail()
    .customSanitizer((value: string | string[]) =>
      normalizeTags([value].flat().flatMap((tags) => tags.split(','))),
    )
    .custom((tags: string[]) => tags.length <= max)
    .withMessage(`must be ${max} tags at the most`)
    .custom(withinLimits)
    .withMessage(`must be tags of ${each.min} to ${each.max} printable characters`)
}
