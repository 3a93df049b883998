import { hasVisible } from '../../models/text.ts'
import type { Field } from './define.ts'
import { gotText } from './text.ts'

interface Values {
  /** Most different values. */
  max: number
  /** What a value must be, in the message. */
  expected: string
  isValid: (value: string) => boolean
  /** Returns a value in the form that is compared; default: as it is. */
  normalize?: (value: string) => string
}

/** A parameter that can be repeated. Returns its different values, without the empty ones. */
export const several =
  <Value extends string>({ max, expected, isValid, normalize = (value) => value }: Values): Field<Value[]> =>
  (chain) =>
    chain
      .custom((value: unknown) => [value].flat().every((one) => typeof one === 'string'))
      .withMessage('must be text, or a list of texts')
      .bail()
      .customSanitizer((value: string | string[]) => [
        ...new Set(
          [value].flat().flatMap((one) => (one === '' ? [] : normalize(one.normalize('NFC').trim()))),
        ),
      ])
      .custom((values: string[]) => values.length <= max)
      .withMessage(`can be given at most ${max} times`)
      .bail()
      .custom((values: string[]) => values.every(isValid))
      .withMessage((values: string[]) => {
        const wrong = values.find((value) => !isValid(value)) ?? ''
        return `must be ${expected}${gotText(wrong)}`
      })
      .bail()

/** One or several of the given words. */
export const choices = <const Word extends string>(words: readonly Word[]): Field<Word[]> =>
  several({
    max: words.length,
    expected: words.join(', ').replace(/, ([^,]*)$/, ' or $1'),
    isValid: (value) => words.some((word) => word === value),
  })

/** Texts of a limited length with a visible character each. */
export const texts = (max: number, characters: number): Field<string[]> =>
  several({
    max,
    expected: `text of 1 to ${characters} printable characters`,
    isValid: (value) =>
      hasVisible(value) && [...value].length <= characters && !/[\p{Cc}\p{Cs}\uFFFD]/u.test(value),
  })
