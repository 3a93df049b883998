/** Kinds of characters between which words and their parts end. */
export const SPACE = 1
export const SIGN = 2
export const UPPER = 3
export const LOWER = 4
/** A letter without case. */
export const LETTER = 5
export const DIGIT = 6
/** A mark that belongs to the letter before it. */
export const MARK = 7
/** A letter or mark of a script that is written without spaces. */
export const UNSPACED = 8
/** A character that is not displayed. It ends nothing. */
export const IGNORED = 9

const KINDS: [kind: number, pattern: RegExp][] = [
  [IGNORED, /\p{Default_Ignorable_Code_Point}/u],
  [SPACE, /\s/u],
  [
    UNSPACED,
    /(?=[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}\p{scx=Hangul}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Mymr}])[\p{L}\p{M}\p{Nl}]/u,
  ],
  [UPPER, /[\p{Lu}\p{Lt}]/u],
  [LOWER, /\p{Ll}/u],
  [LETTER, /\p{L}/u],
  [DIGIT, /\p{N}/u],
  [MARK, /\p{M}/u],
]

/** The kinds of the characters of the first plane, as far as they were asked for. */
const known = new Uint8Array(0x10000)

/** Returns the kind of a character. */
export function kindOf(codePoint: number): number {
  const kind = known[codePoint]
  if (kind) return kind
  const character = String.fromCodePoint(codePoint)
  const found = KINDS.find(([, pattern]) => pattern.test(character))?.[0] ?? SIGN
  if (codePoint < known.length) known[codePoint] = found
  return found
}

/** Returns whether a part of a word is a character of a script that is written without spaces. */
export function isUnspaced(part: string): boolean {
  const codePoint = part.codePointAt(0) ?? 0
  return codePoint > 0x7f && kindOf(codePoint) === UNSPACED
}
