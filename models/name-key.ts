/** Most characters of the first level of a key. A name of 200 characters fits, also one of symbols only. */
const MAX_LETTERS = 400
/** Most characters of each further level. */
const MAX_DIFFERENCES = 200
/** Separates the levels of a key. Sorts before every other character of a key. */
const LEVEL = '\u0001'

/** ASCII punctuation and symbols in the order of the Unicode Collation Algorithm. */
const ASCII_SIGNS = '_-,;:!?.\'"()[]{}@*/\\&#%`^+<=>|~$'
/** First character of an ASCII sign in a key. Sorts before `SIGN`. */
const ASCII_SIGN = '!'
/** First character of all other characters that are no letters or digits. Sorts before digits. */
const SIGN = '"'

/** Matches a run of decimal digits, or one character with its accents. */
const UNITS = /\p{Nd}+|\P{M}\p{M}*|\p{M}+/gu
const DIGITS = /^\p{Nd}/u
const NO_LETTER = /^[\p{P}\p{S}\p{Z}\p{C}]/u
/** Scripts whose marks are accents of a letter. In the others they are letters. */
const WITH_ACCENTS =
  /^[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Hiragana}\p{Script=Katakana}]/u

/** Letters that Unicode does not decompose, beside the letters that they sort with. */
const BESIDE: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ħ: 'h',
}

interface Unit {
  /** What decides first: letters without accents and case, digits by their value. */
  letters: string
  /** The accents, or a blank. */
  accents: string
  /** The case of a letter, or the number of leading zeros. */
  form: string
}

/** A form that sorts before all others: lower case, no leading zeros. */
const PLAIN_FORM = '0'
/** Most leading zeros that make a difference. */
const MOST_ZEROS = 60

/**
 * Returns a text that sorts by its bytes as people sort names: digits by value, letters beside their accented forms, then
 * accents, then case. Different names can have the same key. The key of an asset is stored: increment `KEYS_FORM` when
 * this function changes, so that a migration computes the stored keys again with `describeWords`.
 */
export function nameKeyOf(name: string): string {
  const units = (name.normalize('NFKC').match(UNITS) ?? []).map(unitOf)
  const letters = cut(units.map((unit) => unit.letters).join(''), MAX_LETTERS)
  const accents = cut(units.map((unit) => unit.accents).join(''), MAX_DIFFERENCES).trimEnd()
  const forms = cut(units.map(({ form }) => form).join(''), MAX_DIFFERENCES).replace(/(?<!0)0+$/, '')
  const levels = [letters, accents, forms]
  while (levels.at(-1) === '') levels.pop()
  return levels.join(LEVEL)
}

/** Returns named items in the order of their names; items with equal keys by the names themselves, then as given. */
export function byName<Named extends { name: string }>(items: readonly Named[]): Named[] {
  if (items.length < 2) return [...items]
  return items
    .map((item) => ({
      item,
      key: Buffer.from(`${nameKeyOf(item.name)}${LEVEL}${LEVEL}${LEVEL}${item.name}`),
    }))
    .sort((one, other) => Buffer.compare(one.key, other.key))
    .map(({ item }) => item)
}

/** Units of characters that were computed before: most names have few different characters. */
const known = new Map<string, Unit>()
const MOST_KNOWN = 10_000

function unitOf(text: string): Unit {
  if (DIGITS.test(text)) return unitOfDigits(text)
  const before = known.get(text)
  if (before) return before
  if (known.size === MOST_KNOWN) known.clear()
  const unit = unitOfCharacter(text)
  known.set(text, unit)
  return unit
}

function unitOfCharacter(text: string): Unit {
  if (NO_LETTER.test(text)) return { letters: lettersOfSign(text), accents: ' ', form: PLAIN_FORM }
  const [first = '', ...marks] = WITH_ACCENTS.test(text) ? text.normalize('NFD') : [text]
  const folded = first.toUpperCase().toLowerCase()
  const lower = first.toLowerCase()
  const letters = BESIDE[folded] ?? folded
  // a letter that Unicode does not decompose counts as one with an accent
  const accents = marks.join('') || (letters === lower ? ' ' : lower)
  return { letters, accents, form: first === lower ? PLAIN_FORM : '1' }
}

/** Puts the number of digits before the digits, so that texts sort as numbers do: `112` for 2 and `1210` for 10. */
function unitOfDigits(text: string): Unit {
  const digits = [...text].map(valueOfDigit).join('')
  const value = digits.replace(/^0+/, '')
  const length = String(value.length)
  const zeros = Math.min(digits.length - value.length, MOST_ZEROS)
  return {
    letters: `${length.length}${length}${value}`,
    accents: ' ',
    form: String.fromCharCode(PLAIN_FORM.charCodeAt(0) + zeros),
  }
}

/** Returns the value of a decimal digit of any script. Digits are in rows of ten, some of which follow each other. */
function valueOfDigit(digit: string): number {
  const code = digit.codePointAt(0) ?? 0
  if (code < 0x80) return code - 0x30
  let before = 0
  while (DIGITS.test(String.fromCodePoint(code - before - 1))) before += 1
  return before % 10
}

function lettersOfSign(text: string): string {
  if (/^\s/.test(text)) return ' '
  const at = ASCII_SIGNS.indexOf(text)
  return at < 0 ? `${SIGN}${text}` : `${ASCII_SIGN}${String.fromCharCode(0x21 + at)}`
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : [...text].slice(0, most).join('')
}
