/**
 * Matches an emoji: a flag, a keycap, or pictures with their skin tones, variants and joined pictures. Legal signs are no
 * emoji, because people do not type them.
 */
const EMOJI =
  /[\u{1F1E6}-\u{1F1FF}]{2}|[\d#*]\uFE0F?\u20E3|(?![\u00A9\u00AE])\p{Extended_Pictographic}[\uFE0F\u{1F3FB}-\u{1F3FF}\u{E0020}-\u{E007F}]*(?:\u200D\p{Extended_Pictographic}[\uFE0F\u{1F3FB}-\u{1F3FF}]*)*/uy

const VARIANT = /\uFE0F/g
const SKIN_TONE = /[\u{1F3FB}-\u{1F3FF}]/gu

/** Returns the emoji that begins at an offset of a text, as it is in the text; an empty text if there is none. */
export function emojiAt(text: string, offset: number): string {
  EMOJI.lastIndex = offset
  return EMOJI.exec(text)?.[0] ?? ''
}

/** Returns an emoji as searches compare it: with or without the sign that asks for colors it is the same. */
export const foldEmoji = (emoji: string): string => emoji.replace(VARIANT, '')

/** Returns an emoji without skin tones. */
export const withoutTone = (emoji: string): string => emoji.replace(SKIN_TONE, '')
