/** Letters without a decomposition, and the letters that people without that keyboard type for them. */
const LETTERS: Record<string, string> = {
  ...{ ß: 'ss', æ: 'ae', œ: 'oe', þ: 'th', ø: 'o', ł: 'l', đ: 'd', ð: 'd', ħ: 'h', ı: 'i', ȷ: 'j' },
  ...{ ŧ: 't', ŋ: 'n', ĸ: 'k', ə: 'e', ǝ: 'e', ɛ: 'e', ɔ: 'o', ɵ: 'o', ƀ: 'b', ɓ: 'b', ƈ: 'c', ȼ: 'c' },
  ...{ ɖ: 'd', ɗ: 'd', ƌ: 'd', ɇ: 'e', ƒ: 'f', ǥ: 'g', ɠ: 'g', ɣ: 'g', ɦ: 'h', ⱨ: 'h', ɨ: 'i', ɩ: 'i' },
  ...{ ɉ: 'j', ƙ: 'k', ⱪ: 'k', ƚ: 'l', ɫ: 'l', ⱡ: 'l', ɱ: 'm', ƞ: 'n', ɲ: 'n', ƥ: 'p', ᵽ: 'p', ɍ: 'r' },
  ...{ ɽ: 'r', ƭ: 't', ʈ: 't', ⱦ: 't', ʉ: 'u', ʋ: 'v', ⱳ: 'w', ƴ: 'y', ɏ: 'y', ƶ: 'z', ⱬ: 'z', ȥ: 'z' },
  // the form of the Greek letter at the end of a word
  ς: 'σ',
}
const LETTER = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'gu')

/** Matches a letter whose marks are accents, with these marks. In other scripts marks are letters. */
const ACCENTED =
  /([\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Arabic}\p{Script=Hebrew}])\p{M}+/gu
/** Matches characters that are not displayed, and the Arabic sign that only makes a word longer. */
const IGNORED = /[\p{Default_Ignorable_Code_Point}\u0640]/gu
const ASCII = /^[\0-\x7f]*$/

export const isAscii = (text: string): boolean => ASCII.test(text)

/**
 * Returns a text in the form in which exact spellings are compared: NFKC, lower case, with accents, without invisible
 * characters.
 */
export function exactText(text: string): string {
  if (isAscii(text)) return text.toLowerCase()
  return text.normalize('NFKC').toLowerCase().replace(IGNORED, '').normalize('NFC')
}

/**
 * Returns a text in the form in which searches compare it: NFKC, without case, without the accents of Latin, Greek,
 * Cyrillic, Arabic and Hebrew letters, and with letters such as `ß` and `ø` as `ss` and `o`.
 */
export const foldText = (text: string): string => foldExact(exactText(text))

/** Returns a text in the form of `exactText` folded. */
export function foldExact(exact: string): string {
  if (isAscii(exact)) return exact
  return exact
    .normalize('NFD')
    .replace(ACCENTED, '$1')
    .replace(LETTER, (letter) => LETTERS[letter] ?? letter)
    .normalize('NFC')
}
