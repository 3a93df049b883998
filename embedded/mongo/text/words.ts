import { newStemmer } from 'snowball-stemmers'

/** English stop words of the Snowball project, which MongoDB does not index. */
const STOP_WORDS = new Set(
  `a about above after again against all am an and any are aren't as at be because been before being below between
  both but by can't cannot could couldn't did didn't do does doesn't doing don't down during each few for from
  further had hadn't has hasn't have haven't having he he'd he'll he's her here here's hers herself him himself his
  how how's i i'd i'll i'm i've if in into is isn't it it's its itself let's me more most mustn't my myself no nor
  not of off on once only or other ought our ours ourselves out over own same shan't she she'd she'll she's should
  shouldn't so some such than that that's the their theirs them themselves then there there's these they they'd
  they'll they're they've this those through to too under until up very was wasn't we we'd we'll we're we've were
  weren't what what's when when's where where's which while who who's whom why why's with won't would wouldn't you
  you'd you'll you're you've your yours yourself yourselves`.split(/\s+/),
)

const stemmer = newStemmer('english')
const stems = new Map<string, string>()
/** Words in the cache of stems. */
const MAX_CACHED_STEMS = 50_000

function stem(word: string): string {
  const known = stems.get(word)
  if (known !== undefined) return known
  if (stems.size >= MAX_CACHED_STEMS) stems.clear()
  const result = stemmer.stem(word)
  stems.set(word, result)
  return result
}

/** Converts a text to lower case without accents, for comparison. */
export const fold = (text: string) =>
  text
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{Diacritic}/gu, '')

/** Returns the terms of a text in order: folded, stemmed and without English stop words. */
export const termsOf = (text: string): string[] =>
  fold(text)
    .split(/[^\p{L}\p{N}\p{M}_']+/u)
    .map((word) => word.replace(/^'+|(?<!')'+$/g, ''))
    .filter((word) => word !== '' && !STOP_WORDS.has(word))
    .map(stem)
