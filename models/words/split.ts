import { DIGIT, IGNORED, kindOf, LETTER, LOWER, MARK, SIGN, SPACE, UNSPACED, UPPER } from './characters.ts'
import { emojiAt, foldEmoji } from './emoji.ts'
import { exactText, foldExact, isAscii } from './fold.ts'

/** Parts of a word in the form in which they match together: `usb` and `c` as `usbc`. */
export interface Join {
  /** Position of the first part. */
  from: number
  /** Position after the last part. */
  to: number
  folded: string
  exact: string
  /** What is between the parts: nothing (1), hyphens (2), other signs (3); 0 for one part with the dot before it. */
  level: number
}

/** A word of a text: what stands between two blanks. */
export interface Word {
  /** The parts of the word in sequence, folded. Signs that make a word stay with their part: `c++`, `.net`, `1/2"`. */
  parts: string[]
  /** The parts in their exact spelling: lower case, with accents. */
  exact: string[]
  /** The whole word folded, without the characters between its parts. */
  joined: string
  /** Other forms of several parts: the letters of a camel case name, parts joined by hyphens, the whole word. */
  joins: Join[]
}

/** Most characters of a joined form. Nobody types longer ones. */
const MAX_JOINED = 64

/** Most characters of a text in NFKC, in which one character can become 18. */
const MAX_PLAIN = 12_000

/** How a part follows the part before it. The joined forms end at a part with a larger number. */
const AFTER_LETTERS = 1
const AFTER_HYPHEN = 2
const AFTER_SIGN = 3
const APART = 4
const LEVELS = [AFTER_LETTERS, AFTER_HYPHEN, AFTER_SIGN]

const QUOTES = /[\u201C-\u201F\u00AB\u00BB\u2033\u2036\u301D-\u301F]/g
/** Apostrophes, also those that Unicode counts as letters: people type any of them in a Ukrainian or Hawaiian word. */
const APOSTROPHES = /[\u02BB-\u02BD\u2018-\u201B\u2032\u2035]/g
const DASHES = /[\u2010-\u2015\u2212]/g
const SLASHES = /[\u2044\u2215]/g
const VULGAR = /(\d)(?=[\u00BC-\u00BE\u2150-\u215F\u2189])/g
/** A sign between the parts of a Persian word. It is not displayed. */
const ARABIC_NON_JOINER = /(\p{Script=Arabic})\u200C/gu
const FRACTION = /\d+\/\d+"/y

/** Returns a text in NFKC, with the quotes, dashes and fractions that phones type as plain ones. */
export function plainText(text: string): string {
  if (isAscii(text)) return text
  const plain = text
    .replace(QUOTES, '"')
    .replace(VULGAR, '$1 ')
    .replace(ARABIC_NON_JOINER, '$1-')
    .normalize('NFKC')
    .replace(APOSTROPHES, "'")
    .replace(DASHES, '-')
    .replace(SLASHES, '/')
  return plain.length > MAX_PLAIN ? plain.slice(0, MAX_PLAIN) : plain
}

/** Returns the words of a text. */
export function splitWords(text: string): Word[] {
  return new Splitter(plainText(text)).split()
}

/** Splits one text in one pass. */
class Splitter {
  readonly #words: Word[] = []
  #word: Word = { parts: [], exact: [], joined: '', joins: [] }
  /** For each part of the current word, how it follows the part before it. */
  #links: number[] = []
  /** Where the current part begins; -1 between parts. */
  #start = -1
  /** Kind of the last character of the current part, without marks. */
  #kind = SIGN
  /** Capitals at the end of the current part, and where the last of them is. */
  #capitals = 0
  #lastCapital = 0
  /** How the current part follows the part before it. */
  #link = APART
  #dotted = false

  constructor(readonly text: string) {}

  split(): Word[] {
    const { text } = this
    for (let at = 0; at < text.length; ) {
      const code = text.codePointAt(at) ?? 0
      const size = code > 0xffff ? 2 : 1
      at = this.#read(code, at, size)
    }
    this.#endWord(text.length)
    return this.#words
  }

  /** Reads the character at an offset. Returns the offset of the next one. */
  #read(code: number, at: number, size: number): number {
    const kind = kindOf(code)
    const end = at + size
    if (code > 0x7f ? kind === SIGN : this.text.charCodeAt(at + 1) > 0x7f) {
      const emoji = emojiAt(this.text, at)
      if (emoji) {
        this.#endPart(at)
        this.#add(foldEmoji(emoji), foldEmoji(emoji), APART)
        this.#link = APART
        return at + emoji.length
      }
    }
    if (kind === IGNORED) return end
    if (kind === SPACE) {
      this.#endWord(at)
      return end
    }
    if (kind === SIGN) return this.#readSign(at, end)
    if (kind === UNSPACED) {
      this.#endPart(at)
      const character = this.text.slice(at, end)
      this.#add(character, character, APART)
      this.#link = APART
      return end
    }
    return this.#readLetter(kind, at, end)
  }

  #readLetter(kind: number, at: number, end: number): number {
    if (kind === MARK) return end
    if (kind === DIGIT && this.#kind !== DIGIT) {
      FRACTION.lastIndex = at
      const [fraction] = FRACTION.exec(this.text) ?? []
      if (fraction) {
        this.#endPart(at)
        this.#push(fraction, this.#link)
        this.#link = AFTER_SIGN
        return at + fraction.length
      }
    }
    if (this.#start >= 0 && this.#endsBefore(kind)) {
      const isCase = kind !== DIGIT && this.#kind !== DIGIT
      this.#endPart(at)
      this.#link = isCase ? AFTER_LETTERS : AFTER_HYPHEN
    } else if (kind === LOWER && this.#kind === UPPER && this.#capitals > 1) {
      this.#endPart(this.#lastCapital)
      this.#link = AFTER_LETTERS
      this.#start = this.#lastCapital
    }
    if (this.#start < 0) this.#start = at
    this.#capitals = kind === UPPER ? this.#capitals + 1 : 0
    if (kind === UPPER) this.#lastCapital = at
    this.#kind = kind
    return end
  }

  /** Returns whether a part ends before a character of this kind. */
  #endsBefore(kind: number): boolean {
    if ((kind === DIGIT) !== (this.#kind === DIGIT)) return true
    return kind === UPPER && (this.#kind === LOWER || this.#kind === LETTER)
  }

  #readSign(at: number, end: number): number {
    const { text } = this
    const sign = text[at]
    const isAfterLetters = this.#start >= 0 && this.#kind !== DIGIT
    if (isAfterLetters && (sign === '#' || text.startsWith('++', at))) {
      const signEnd = sign === '#' ? end : end + 1
      this.#endPart(signEnd)
      this.#link = AFTER_SIGN
      return signEnd
    }
    const isInWord = this.#start >= 0
    this.#endPart(at)
    this.#link = this.#linkAfter(sign, isInWord)
    if (sign === '.' && isLetter(text.codePointAt(end))) {
      if (isInWord) this.#dotted = true
      else if (text[at - 1] !== '.') {
        this.#start = at
        this.#kind = SIGN
        this.#capitals = 0
      }
    }
    return end
  }

  #linkAfter(sign: string | undefined, isInWord: boolean): number {
    if (this.#link === APART) return APART
    return isInWord && (sign === '-' || sign === "'") ? AFTER_HYPHEN : AFTER_SIGN
  }

  /** Ends the current part before an offset. */
  #endPart(end: number): void {
    if (this.#start >= 0) this.#push(this.text.slice(this.#start, end), this.#link)
    this.#start = -1
    this.#kind = SIGN
    this.#capitals = 0
  }

  #push(part: string, link: number): void {
    const exact = exactText(part)
    const folded = foldExact(exact)
    if (folded) this.#add(folded, exact, link)
    this.#dotted = false
    this.#link = AFTER_SIGN
  }

  #add(folded: string, exact: string, link: number): void {
    const { parts, exact: spellings, joins } = this.#word
    const before = parts.at(-1)
    const isDecimal = link === AFTER_SIGN && before !== undefined && isNumber(before) && isNumber(folded)
    const from = parts.push(folded) - 1
    spellings.push(exact)
    this.#links.push(isDecimal ? APART : link)
    if (this.#dotted) joins.push({ from, to: from + 1, folded: `.${folded}`, exact: `.${exact}`, level: 0 })
  }

  #endWord(end: number): void {
    this.#endPart(end)
    const word = this.#word
    if (word.parts.length > 0) {
      if (word.parts.length > 1) for (const level of LEVELS) this.#join(level)
      word.joined = word.parts.join('')
      this.#words.push(word)
      this.#word = { parts: [], exact: [], joined: '', joins: [] }
    }
    this.#links = []
    this.#link = APART
  }

  /** Adds the joined forms of the parts whose links are not larger than a level, if one of their links is this level. */
  #join(level: number): void {
    const { parts, exact, joins } = this.#word
    const links = this.#links
    for (let from = 0; from < parts.length; ) {
      let to = from + 1
      let length = parts[from]?.length ?? 0
      let isNew = false
      for (; to < parts.length; to++) {
        const link = links[to] ?? APART
        if (link > level) break
        isNew ||= link === level
        length += parts[to]?.length ?? 0
      }
      if (isNew && length <= MAX_JOINED)
        joins.push({
          from,
          to,
          level,
          folded: parts.slice(from, to).join(''),
          exact: exact.slice(from, to).join(''),
        })
      from = to
    }
  }
}

/** Returns whether a part is a number. Numbers are joined by hyphens only, because `1.2` is not `12`. */
const isNumber = (part: string): boolean => kindOf(part.charCodeAt(0)) === DIGIT

const isLetter = (codePoint: number | undefined): boolean => {
  const kind = codePoint === undefined ? SIGN : kindOf(codePoint)
  return kind === LOWER || kind === UPPER || kind === LETTER
}
