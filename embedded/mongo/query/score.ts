import { CommandError } from '../errors.ts'
import type { Doc } from '../values/types.ts'

/**
 * Text scores of the documents of the running query. A query sorts and projects what it found without a pause, so no other
 * query uses them.
 * A map is much faster than copies of the documents that carry their score.
 */
const scores = new Map<Doc, number>()

/** Forgets the scores of the last query. */
export const clearScores = (): void => scores.clear()

export function setScore(doc: Doc, score: number): void {
  scores.set(doc, score)
}

/** Copies a document. The copy has the same score. */
export function copyOf(doc: Doc): Doc {
  const copy = { ...doc }
  const score = scores.get(doc)
  if (score !== undefined) scores.set(copy, score)
  return copy
}

/**
 * Returns the text score of a document.
 *
 * @throws 40218 if the query has no `$text`
 */
export function scoreOf(doc: Doc): number {
  const score = scores.get(doc)
  if (score !== undefined) return score
  throw new CommandError(40218, 'query requires text score metadata, but it is not available')
}
