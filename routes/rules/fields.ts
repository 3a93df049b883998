import type { ValidationChain } from 'express-validator'
import { normalizeTags } from '../../models/asset.ts'
import { cleanTag, codePoints, hasVisible } from '../../models/text.ts'
import { type Field, isForm } from './define.ts'
import { type DayEdge, parseMoment } from './moment.ts'
import { gotText, text } from './text.ts'

/** One of the given words. */
export const choice =
  <const Word extends string>(words: readonly Word[]): Field<Word> =>
  (chain) =>
    text()(chain)
      .custom((value: string) => words.some((word) => word === value))
      .withMessage((value) => `must be ${words.join(', ').replace(/, ([^,]*)$/, ' or $1')}${gotText(value)}`)

/** A query parameter that is `1` or `0`. */
export const flag = (): Field<boolean> => (chain) =>
  choice(['0', '1'])(chain).customSanitizer((value) => value === '1')

/** Reads the text of a form field as a value of another type. JSON values stay as they are. */
export const ofText = (chain: ValidationChain, read: (text: string) => unknown) =>
  chain.customSanitizer((value, meta) => (typeof value === 'string' && isForm(meta) ? read(value) : value))

/** The value `true` or `false`. */
export const boolean = (): Field<boolean> => (chain) =>
  ofText(chain, (text) => (text === 'true' || text === 'false' ? text === 'true' : text))
    .custom((value) => typeof value === 'boolean')
    .withMessage('must be true or false')

/** A whole number, as a number in JSON. */
export const integer =
  ({ min }: { min: number }): Field<number> =>
  (chain) =>
    ofText(chain, (text) => (/^\d{1,16}$/.test(text) ? Number(text) : text))
      .custom((value) => Number.isSafeInteger(value) && value >= min)
      .withMessage(`must be a whole number from ${min}`)

/** A whole number in decimal digits. */
export const wholeNumber =
  ({ min, max = Number.MAX_SAFE_INTEGER }: { min: number; max?: number }): Field<number> =>
  (chain) =>
    text()(chain)
      .custom((value: string) => /^\d{1,16}$/.test(value) && Number(value) >= min && Number(value) <= max)
      .withMessage((value) => `must be a whole number from ${min} to ${max}${gotText(value)}`)
      .bail()
      .toInt()

/** A date-time with a zone (RFC 3339 §5.6), or a date without a time, which means the whole day in UTC. */
export const moment =
  (edge: DayEdge): Field<Date> =>
  (chain) =>
    text()(chain)
      .custom((value: string) => parseMoment(value, edge) !== null)
      .withMessage(
        (value) =>
          `must be a date-time with a zone, as 2026-11-30T12:00:00Z, or a day, as 2026-11-30${gotText(value)}`,
      )
      .bail()
      .customSanitizer((value: string) => parseMoment(value, edge))

/** Returns whether a text is a JSON array of texts. Split at its commas, it would be tags with brackets and quotes. */
function isJsonList(text: string): boolean {
  if (!/^\s*\[.*\]\s*$/s.test(text)) return false
  try {
    return (JSON.parse(text) as unknown[]).every((tag) => typeof tag === 'string')
  } catch {
    // The text is a tag in brackets.
    return false
  }
}

/** Returns the tags that a client gave, without the blank ones. */
const tagsIn = (value: string | string[]): string[] =>
  [value]
    .flat()
    .flatMap((tags) => tags.split(','))
    .filter((tag) => tag.trim() !== '')

interface TagLimits {
  max: number
  each: { min: number; max: number }
}

/** Tags, as a list, comma-separated, or both. Returns them in the form that is stored. */
export const tagList =
  ({ max, each }: TagLimits): Field<string[]> =>
  (chain) => {
    const withinLimits = (tags: string[]) =>
      tags.every(
        (tag) => hasVisible(tag) && codePoints(tag) <= each.max && !/[\p{Cc}\p{Cs}\uFFFD]/u.test(tag),
      )
    return chain
      .custom((value: unknown) => [value].flat().every((tag) => typeof tag === 'string'))
      .withMessage('must be text, or a list of texts')
      .bail()
      .custom((value: string | string[]) => ![value].flat().some(isJsonList))
      .withMessage('must not be JSON in a text: separate tags by commas, or repeat the field')
      .bail()
      .custom((value: string | string[]) => tagsIn(value).every((tag) => cleanTag(tag) !== ''))
      .withMessage('must be tags with a visible character each')
      .bail()
      .customSanitizer((value: string | string[]) => normalizeTags(tagsIn(value)))
      .custom((tags: string[]) => tags.length <= max)
      .withMessage(`must be at most ${max} tags`)
      .custom(withinLimits)
      .withMessage(`must be tags of ${each.min} to ${each.max} printable characters`)
  }
