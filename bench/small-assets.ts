/** The assets that measurements plant: names, tags and descriptions of common words. */
const WORDS =
  'oak chair table lamp render scan texture metal wooden robot engine wheel bridge tower glass stone'.split(
    ' ',
  )

export const wordOf = (i: number) => String(WORDS[i % WORDS.length])

/** A word of one in 15 assets. */
export const SEARCHED_WORD = 'lot8'

export interface SmallAsset {
  name: string
  tags: string[]
  description: string
}

/** Returns the name, five tags and a description of 20 words: with its type and file about 40 search keys. */
export function smallAsset(i: number): SmallAsset {
  return {
    name: `${wordOf(i)} ${wordOf(i * 7 + 3)} lot${i % 15}`,
    tags: Array.from({ length: 5 }, (_, j) => `${wordOf(i + j * 3)}-${(i + j) % 10}`),
    description: Array.from({ length: 20 }, (_, j) => `${wordOf(i * 3 + j)}${(i * j) % 50}`).join(' '),
  }
}
