import { extname } from 'node:path'
import type { Media } from '../../models/media.ts'

/** The media type of a file and the kind of media that it is. */
export interface DetectedContent {
  mediaType: string
  media: Media
}

/** The parts of a file that detection reads. */
export interface Candidate {
  /** In lower case, without the dot. Empty when the name has none. */
  extension: string
  head: Buffer
  /** Size of the whole file in bytes. */
  size: number
  /** Whether the head is the whole file. */
  whole: boolean
  /** The head as text, or null when it is binary. */
  text: Text | null
}

/** Bytes at the beginning of a file that detection reads. */
const MAX_HEAD_BYTES = 16 * 1024

export function candidate(name: string, given: Buffer, size: number): Candidate {
  const head = given.subarray(0, MAX_HEAD_BYTES)
  const whole = size <= head.length
  return { extension: extname(name).slice(1).toLowerCase(), head, size, whole, text: readText(head, whole) }
}

/** The media type of formats that have neither a registered media type nor one in common use. */
export const UNREGISTERED = 'application/octet-stream'

export const model = (mediaType: string): DetectedContent => ({ mediaType, media: 'model' })
export const image = (mediaType: string): DetectedContent => ({ mediaType, media: 'image' })
export const document = (mediaType: string): DetectedContent => ({ mediaType, media: 'document' })

export interface Text {
  content: string
  /**
   * Whether the bytes are valid UTF-8 or UTF-16. Otherwise they were read as Latin-1, which accepts all bytes: only
   * the structure of the text can confirm that guess.
   */
  certain: boolean
}

/** Control characters that text can contain: tab, LF, FF, CR and ESC (WHATWG MIME Sniffing §3, "binary data byte"). */
const TEXT_CONTROLS = new Set([0x09, 0x0a, 0x0c, 0x0d, 0x1b])

/** Returns the head of a file as text without its byte order mark, or null when it is not text. */
export function readText(head: Buffer, whole: boolean): Text | null {
  const utf = decode(encodingByMark(head), head, whole)
  const content = utf ?? head.toString('latin1')
  return isBinary(content) ? null : { content, certain: utf !== null }
}

function encodingByMark(head: Buffer): string {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  return head[0] === 0xfe && head[1] === 0xff ? 'utf-16be' : 'utf-8'
}

/** Accepts a character that the end of the head cuts off, but not one that the end of the file cuts off. */
function decode(encoding: string, head: Buffer, whole: boolean): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(head, { stream: !whole })
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}

function isBinary(content: string): boolean {
  for (let at = 0; at < content.length; at++) {
    const code = content.charCodeAt(at)
    if (code < 0x20 && !TEXT_CONTROLS.has(code)) return true
  }
  return false
}
