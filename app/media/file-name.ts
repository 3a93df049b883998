import { extname } from 'node:path'
import { cleanName, cutText } from '../../models/text.ts'

/** Length of a stored file name, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 255
const MAX_EXTENSION_BYTES = 32

const PATH = /^.*[\\/]/s
/** Windows drive letters: `C:a.exe` names a file in another folder. */
const DRIVE = /^(?:[A-Za-z]:)+/
/** Control characters, line separators and halves of surrogate pairs. */
const UNWANTED = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu

/**
 * Returns a client's file name as it is stored and sent: no path, no drive letter, no control or invisible characters,
 * at most 255 bytes of UTF-8. A longer name is cut between characters before its extension. Returns `file` when no
 * character is left.
 */
export function cleanFileName(name: string): string {
  const bare = cleanName(cleanName(name.replace(PATH, '').replace(UNWANTED, '')).replace(DRIVE, ''))
  if (/^\.{0,2}$/.test(bare)) return 'file'
  return Buffer.byteLength(bare) > MAX_NAME_BYTES ? cleanName(shorten(bare)) : bare
}

/**
 * Returns the file name of a download, made from the name of an asset. Replaces `/` and `\`, so that it is not a path.
 */
export function downloadName(assetName: string, extension: string): string {
  return cleanFileName(`${cleanFileName(assetName.replace(/[\\/]/g, '_'))}.${extension}`)
}

/** Adds text before the extension of a clean file name. Returns at most 255 bytes of UTF-8. */
export const addToStem = (name: string, addition: string): string => shorten(name, addition)

function shorten(name: string, addition = ''): string {
  const found = extname(name)
  const extension = Buffer.byteLength(found) > MAX_EXTENSION_BYTES ? '' : found
  const stem = name.slice(0, name.length - extension.length)
  const end = `${addition}${extension}`
  return `${cutText(stem, MAX_NAME_BYTES - Buffer.byteLength(end), Buffer.byteLength) || 'file'}${end}`
}
