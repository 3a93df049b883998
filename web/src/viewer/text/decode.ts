/** Bytes of a file that are shown. */
export const MAX_TEXT_BYTES = 1_000_000
/** Lines that are shown. */
export const MAX_TEXT_LINES = 20_000

/** Returns the encoding of text: by its byte order mark, else UTF-8 if the bytes are valid, else Windows-1252. */
export function encodingOf(bytes: Uint8Array, isCut: boolean): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  try {
    // with `stream` the last character can be incomplete
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: isCut })
    return 'utf-8'
  } catch {
    return 'windows-1252'
  }
}

/** Returns the text of a whole file. */
export const textOf = (bytes: Uint8Array): string => new TextDecoder(encodingOf(bytes, false)).decode(bytes)

/**
 * Returns the lines of text that are shown, and how many bytes of the file they are, about.
 *
 * @param bytes the beginning of the file, or all of it
 * @param size of the file, in bytes
 */
export function linesOf(bytes: Uint8Array, size: number): { lines: string[]; shown: number } {
  const isCut = bytes.length < size
  const decoder = new TextDecoder(encodingOf(bytes, isCut))
  const text = decoder.decode(bytes, { stream: isCut })
  const lines = text.split(/\r\n|\r|\n/)
  if (!isCut && lines.length > 1 && lines.at(-1) === '') lines.pop()
  if (lines.length <= MAX_TEXT_LINES) return { lines, shown: bytes.length }
  const first = lines.slice(0, MAX_TEXT_LINES)
  const characters = first.reduce((sum, line) => sum + line.length + 1, 0)
  return { lines: first, shown: Math.round((bytes.length * characters) / text.length) }
}
