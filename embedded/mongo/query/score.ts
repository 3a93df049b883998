/**
 * The text score of a document found by `$text`, on a copy that only this query sees. A symbol is carried
 * along by `{...doc}` and left out by the BSON codec.
 */
export const SCORE: unique symbol = Symbol('textScore')

export interface Scored {
  [SCORE]?: number
}

/** Gives the score of one document to what was computed from it. */
export function keepScore<T extends object>(from: object, to: T): T {
  const score = (from as Scored)[SCORE]
  return score === undefined ? to : Object.assign(to, { [SCORE]: score })
}
