import { extname } from 'node:path'

const MAX_NAME_BYTES = 255
const MAX_EXTENSION_BYTES = 32
/** No character takes fewer bytes than UTF-16 units, so what matters of a long name lies well within this. */
const UNITS_WORTH_READING = 2 * MAX_NAME_BYTES

const PATH = /^.*[\\/]/s
/**
 * Control characters, line separators and halves of surrogate pairs; and the bidirectional embeddings,
 * overrides and isolates, with which `gpj.exe` is made to read `exe.jpg` (Unicode TR 36 §2.5). Right-to-left
 * text needs none of them: marks (U+200E, U+200F, U+061C) and joiners, which it does need, are kept.
 */
const UNWANTED = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/gu

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/**
 * A client's file name made safe to keep and to send: no path, no control characters, at most 255 bytes of
 * UTF-8, cut between characters in front of the extension. `file` where nothing is left.
 */
export function cleanFileName(name: string): string {
  const bare = name.replace(PATH, '').replace(UNWANTED, '')
  if (/^\.{0,2}$/.test(bare.trim())) return 'file'
  return Buffer.byteLength(bare) > MAX_NAME_BYTES ? shorten(bare) : bare
}

function shorten(name: string): string {
  const found = extname(name)
  const extension = Buffer.byteLength(found) > MAX_EXTENSION_BYTES ? '' : found
  const stem = name.slice(0, name.length - extension.length)
  return `${cut(stem, MAX_NAME_BYTES - Buffer.byteLength(extension)) || 'file'}${extension}`
}

function cut(text: string, bytes: number): string {
  let kept = ''
  for (const { segment } of graphemes.segment(text.slice(0, UNITS_WORTH_READING))) {
    bytes -= Buffer.byteLength(segment)
    if (bytes < 0) break
    kept += segment
  }
  return kept
}
