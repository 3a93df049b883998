import { extname } from 'node:path'
import { cleanName } from '../../models/text.ts'

/** The longest stored file name, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 255
const MAX_EXTENSION_BYTES = 32
/** No character takes fewer bytes than UTF-16 units, so what matters of a long name lies well within this. */
const UNITS_WORTH_READING = 2 * MAX_NAME_BYTES

const PATH = /^.*[\\/]/s
/** Of Windows: `C:a.exe` is a file of another folder. */
const DRIVE = /^(?:[A-Za-z]:)+/
/** Control characters, line separators and halves of surrogate pairs. */
const UNWANTED = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/**
 * Returns a client's file name as it is stored and sent: no path, no drive letter, no control or invisible characters,
 * at most 255 bytes of UTF-8, cut between characters in front of the extension. `file` where nothing is left.
 */
export function cleanFileName(name: string): string {
  const bare = cleanName(cleanName(name.replace(PATH, '').replace(UNWANTED, '')).replace(DRIVE, ''))
  if (/^\.{0,2}$/.test(bare)) return 'file'
  return Buffer.byteLength(bare) > MAX_NAME_BYTES ? cleanName(shorten(bare)) : bare
}

/** Returns the name under which a browser saves something of an asset. A `/` in the asset's name begins no path. */
export function downloadName(assetName: string, extension: string): string {
  return cleanFileName(`${cleanFileName(assetName.replace(/[\\/]/g, '_'))}.${extension}`)
}

/** Returns a clean file name with an addition before its extension, at most 255 bytes too. */
export const addToStem = (name: string, addition: string): string => shorten(name, addition)

function shorten(name: string, addition = ''): string {
  const found = extname(name)
  const extension = Buffer.byteLength(found) > MAX_EXTENSION_BYTES ? '' : found
  const stem = name.slice(0, name.length - extension.length)
  const end = `${addition}${extension}`
  return `${cut(stem, MAX_NAME_BYTES - Buffer.byteLength(end)) || 'file'}${end}`
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
