/** The assets that measurements plant: names, tags and descriptions of common words. */
const WORDS =
  'oak chair table lamp render scan texture metal wooden robot engine wheel bridge tower glass stone'.split(
    ' ',
  )
/** Each asset has one of these words, in its name. */
export const RARE_WORDS =
  'alder birch cedar elm fir hazel hemlock larch maple pine rowan spruce teak walnut yew'.split(' ')

export const wordOf = (i: number) => String(WORDS[i % WORDS.length])
const rareWordOf = (i: number) => String(RARE_WORDS[i % RARE_WORDS.length])

/** A word of one in 15 assets. */
export const SEARCHED_WORD = rareWordOf(8)

export interface SmallAsset {
  name: string
  tags: string[]
  description: string
}

/** Returns the name, five tags and a description of 20 words: with its type and file about 40 search keys. */
export function smallAsset(i: number): SmallAsset {
  return {
    name: `${wordOf(i)} ${wordOf(i * 7 + 3)} ${rareWordOf(i)}`,
    tags: Array.from({ length: 5 }, (_, j) => wordOf(i + j * 3)),
    description: Array.from({ length: 20 }, (_, j) => wordOf(i * 3 + j * 5 + (j >> 2))).join(' '),
  }
}
