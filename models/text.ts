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

/** Returns a name in the stored form: NFC, without invisible characters and without blanks at both ends. */
export function cleanName(name: string): string {
  const visible = name.replace(INVISIBLE, (found, invisible) => (invisible === undefined ? found : ''))
  return visible.normalize('NFC').trim()
}

/** Returns whether a name has a visible character. */
export const hasVisible = (name: string): boolean => VISIBLE.test(name)

/** Returns the searched form of a text: lower case without accents, so that every engine finds `café` by `cafe`. */
export function foldText(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}
