import { badValue, notImplemented } from '../errors.ts'
import { TEXT_LANGUAGES } from '../index/spec.ts'
import { type Doc, isDoc } from '../values/types.ts'
import { fold, termsOf } from './words.ts'

/** What a `$search` string asks for: any of the terms, all of the phrases, none of what is negated. */
export interface TextSearch {
  terms: ReadonlySet<string>
  phrases: readonly string[]
  excludedTerms: ReadonlySet<string>
  excludedPhrases: readonly string[]
}

/** Reads the operand of `$text`. */
export function parseTextSearch(operand: unknown, indexLanguage: string): TextSearch {
  if (!isDoc(operand) || typeof operand.$search !== 'string')
    throw badValue('"$search" had the wrong type. Expected string')
  refuseOptions(operand)
  const { $language: language = indexLanguage } = operand
  if (typeof language !== 'string' || !TEXT_LANGUAGES.has(language))
    throw badValue(`unsupported language: "${String(language)}"`)
  const terms = new Set<string>()
  const excludedTerms = new Set<string>()
  const phrases: string[] = []
  const excludedPhrases: string[] = []
  for (const [, minus, phrase, word] of operand.$search.matchAll(
    /(?<![^\s"])(-?)(?:"([^"]*)"?|([^\s"]+))/g,
  )) {
    const text = phrase ?? word ?? ''
    if (phrase !== undefined && fold(phrase).trim() !== '')
      (minus ? excludedPhrases : phrases).push(fold(phrase))
    if (phrase !== undefined && minus) continue
    for (const term of termsOf(text, language)) (minus ? excludedTerms : terms).add(term)
  }
  return { terms, phrases, excludedTerms, excludedPhrases }
}

function refuseOptions(operand: Doc): void {
  for (const option of Object.keys(operand)) {
    if (option === '$caseSensitive' || option === '$diacriticSensitive') {
      if (operand[option]) throw notImplemented(`$text with ${option}`)
    } else if (option !== '$search' && option !== '$language')
      throw badValue(`extra fields in $text: ${option}`)
  }
}
