import { CommandError } from '../errors.ts'
import type { Doc } from '../values/types.ts'

/**
 * Key of the text score on the copy of a document that one query uses. `{...doc}` copies a symbol, and the BSON codec
 * omits it.
 */
const SCORE: unique symbol = Symbol('textScore')

/** Copies a document and adds its score. The symbol is first: adding it after the copy takes ten times as long. */
export const withScore = (doc: Doc, score: number): Doc => ({ [SCORE]: score, ...doc }) as Doc

/**
 * Returns the text score of a document.
 *
 * @throws 40218 if the query has no `$text`
 */
export function scoreOf(doc: Doc & { [SCORE]?: number }): number {
  const score = doc[SCORE]
  if (score !== undefined) return score
  throw new CommandError(40218, 'query requires text score metadata, but it is not available')
}
