import { badValue, notImplemented } from '../errors.ts'
import { isDoc } from '../values/types.ts'
import { fold, termsOf } from './words.ts'

/** What a `$search` string asks for: any of the terms, all of the phrases, none of what is negated. */
export interface TextSearch {
  terms: ReadonlySet<string>
  phrases: readonly string[]
  excludedTerms: ReadonlySet<string>
  excludedPhrases: readonly string[]
}

/** Reads the operand of `$text`. */
export function parseTextSearch(operand: unknown): TextSearch {
  if (!isDoc(operand) || typeof operand.$search !== 'string')
    throw badValue('"$search" had the wrong type. Expected string')
  const option = Object.keys(operand).find((name) => name !== '$search')
  if (option) throw notImplemented(`$text with ${option}`)
  const terms = new Set<string>()
  const excludedTerms = new Set<string>()
  const phrases: string[] = []
  const excludedPhrases: string[] = []
  const parts = operand.$search.matchAll(/(?<![^\s"])(-?)(?:"([^"]*)"?|([^\s"]+))/g)
  for (const [, minus, phrase, word] of parts) {
    const text = phrase ?? word ?? ''
    if (phrase !== undefined && fold(phrase).trim() !== '')
      (minus ? excludedPhrases : phrases).push(fold(phrase))
    if (phrase !== undefined && minus) continue
    for (const term of termsOf(text)) (minus ? excludedTerms : terms).add(term)
  }
  return { terms, phrases, excludedTerms, excludedPhrases }
}
