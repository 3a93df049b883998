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

/** Returns the lines of text. @param isCut whether the file has more bytes */
export function linesOf(bytes: Uint8Array, isCut: boolean): { lines: string[]; hasMore: boolean } {
  const decoder = new TextDecoder(encodingOf(bytes, isCut))
  const lines = decoder.decode(bytes, { stream: isCut }).split(/\r\n|\r|\n/)
  if (!isCut && lines.length > 1 && lines.at(-1) === '') lines.pop()
  return { lines: lines.slice(0, MAX_TEXT_LINES), hasMore: isCut || lines.length > MAX_TEXT_LINES }
}
