/**
 * Invisible characters: bidi controls, with which `gpj.exe` reads `exe.jpg` (Unicode TR 36 §2.5), and
 * default-ignorable ones, with which two names look alike. Joiners stay where scripts and emoji need them, between
 * letters or emoji, and variation selectors after an emoji.
 */
const INVISIBLE = new RegExp(
  String.raw`(?<=(?!\p{DI})[\p{L}\p{M}]|\p{Extended_Pictographic}[\p{Emoji_Modifier}\uFE0F]?)[\u200C\u200D](?=(?!\p{DI})[\p{L}\p{M}]|\p{Extended_Pictographic})` +
    String.raw`|(?<=\p{Emoji})\p{VS}(?=\u20E3)|(?<=\p{Extended_Pictographic})\p{VS}` +
    String.raw`|([\p{Bidi_Control}\p{DI}])`,
  'gu',
)

/** A visible character: no blank, no control character, no lone accent, and not the empty braille pattern. */
const VISIBLE = /[^\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{M}\u2800]/u

/** Returns a name as it is stored: in NFC, without invisible characters and outer blanks. */
export function cleanName(name: string): string {
  const seen = name.replace(INVISIBLE, (found, invisible) => (invisible === undefined ? found : ''))
  return seen.normalize('NFC').trim()
}

/** Returns whether a name has a visible character. */
export const hasVisible = (name: string): boolean => VISIBLE.test(name)

/** Returns text as it is searched: lower case without accents, so that every engine finds `café` by `cafe`. */
export function foldText(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}
