import { domainToASCII } from 'node:url'

/**
 * Matches invisible characters: bidi controls, which can display `gpj.exe` as `exe.jpg` (Unicode TR 36 §2.5), and
 * default-ignorable characters, which make different names look the same. Does not match joiners between letters or
 * emoji, which some scripts and emoji need, or variation selectors after an emoji.
 */
const INVISIBLE = new RegExp(
  String.raw`(?<=(?!\p{DI})[\p{L}\p{M}]|\p{Extended_Pictographic}[\p{Emoji_Modifier}\uFE0F]?)[\u200C\u200D](?=(?!\p{DI})[\p{L}\p{M}]|\p{Extended_Pictographic})` +
    String.raw`|(?<=\p{Emoji})\p{VS}(?=\u20E3)|(?<=\p{Extended_Pictographic})\p{VS}` +
    String.raw`|([\p{Bidi_Control}\p{DI}])`,
  'gu',
)

/** Matches a visible character: not a blank, a control character, a lone accent or the empty braille pattern. */
const VISIBLE = /[^\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{M}\u2800]/u

/** Returns a text in the stored form of Unicode, NFC, so that texts that look the same are the same. */
export const normalizeText = (text: string): string => text.normalize('NFC')

/** Returns a name in the stored form: NFC, without invisible characters and without blanks at both ends. */
export function cleanName(name: string): string {
  const visible = normalizeText(name).replace(INVISIBLE, (found, invisible) =>
    invisible === undefined ? found : '',
  )
  // an accent can now follow its letter directly
  return normalizeText(visible).trim()
}

/** Returns a text in which ASCII letters are in lower case. Others keep their case: `\u017F` must not become an `s`. */
export const lowerAscii = (text: string): string =>
  text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())

/**
 * Returns the stored form of an email address, by which it is unique: NFC, ASCII letters in lower case, the domain in ASCII
 * (RFC 5891). The case of other letters before the `@` can make a difference to the server of the address.
 */
export function emailKey(email: string): string {
  const lower = lowerAscii(normalizeText(email))
  const at = lower.lastIndexOf('@') + 1
  const domain = lower.slice(at)
  // the function also reads numbers as addresses
  const ascii = at === 0 || /^[\0-\x7f]*$/.test(domain) ? domain : domainToASCII(domain)
  return lower.slice(0, at) + (ascii || domain)
}

/** Returns a tag in the stored form: cleaned like a name, in lower case. */
export const cleanTag = (tag: string): string =>
  cleanName(cleanName(tag).replaceAll('\u0130', 'i').toLowerCase())

/**
 * Returns the form in which tags are compared: compatible characters (NFKC) and cases are equal, such as `ß` and `ss`
 * (Unicode Standard §3.13, default caseless matching).
 */
export function tagKey(tag: string): string {
  if (/^[\x20-\x7e]*$/.test(tag)) return tag.trim().toLowerCase()
  // the dotless i has no other case
  const folded = cleanTag(tag)
    .normalize('NFKC')
    .replace(/[^\u0131]+/gu, (text) => text.toUpperCase().toLowerCase())
  return folded.replaceAll('ς', 'σ').normalize('NFKC')
}

/** Splits a text into characters as people count them, so that no accent is separated from its letter. */
const characters = new Intl.Segmenter('en', { granularity: 'grapheme' })

/**
 * Returns the beginning of a text that fits, cut between characters.
 *
 * @param lengthOf measures a part of the text. It must be at least half the number of UTF-16 units.
 */
export function cutText(text: string, max: number, lengthOf: (part: string) => number): string {
  let kept = ''
  let left = max
  for (const { segment } of characters.segment(text.slice(0, 2 * max + 2))) {
    left -= lengthOf(segment)
    if (left < 0) break
    kept += segment
  }
  return kept
}

/** Returns the number of code points of a text. */
export const codePoints = (text: string): number => [...text].length

/** Returns whether a name has a visible character. */
export const hasVisible = (name: string): boolean => VISIBLE.test(name)

/** Returns the searched form of a text: lower case without accents, so that every engine finds `café` by `cafe`. */
export function foldText(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}
