import { exactText, foldText } from './fold.ts'
import { plainText } from './split.ts'

/** Most characters of a name that is compared as a whole. */
export const MAX_TITLE = 256

const BLANKS = /\s+/gu

/** A name, or the text of a search, as a whole. */
export interface Title {
  folded: string
  exact: string
}

/** Returns a text in the forms in which whole names are compared. */
export function titleOf(text: string): Title {
  const plain = plainText(text).trim().replace(BLANKS, ' ')
  return { folded: foldText(plain), exact: exactText(plain) }
}
