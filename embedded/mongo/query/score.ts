import { CommandError } from '../errors.ts'
import type { Doc } from '../values/types.ts'

/**
 * The text score of a document found by `$text`, on a copy that only this query sees. A symbol is carried
 * along by `{...doc}` and left out by the BSON codec.
 */
const SCORE: unique symbol = Symbol('textScore')

/** The symbol comes first: to add one to a document that was copied takes ten times as long. */
export const withScore = (doc: Doc, score: number): Doc => ({ [SCORE]: score, ...doc }) as Doc

/** The score `$text` gave; refused (40218) where no `$text` has been. */
export function scoreOf(doc: Doc & { [SCORE]?: number }): number {
  const score = doc[SCORE]
  if (score !== undefined) return score
  throw new CommandError(40218, 'query requires text score metadata, but it is not available')
}
