import { extname } from 'node:path'
import type { Media } from '../../models/media.ts'

/** What a file turned out to be. */
export interface DetectedContent {
  mediaType: string
  media: Media
}

/** A file as it is looked at: its first bytes and what can be told of them at once. */
export interface Candidate {
  /** Lower case, without the dot; empty where the name has none. */
  extension: string
  head: Buffer
  /** Bytes of the whole file. */
  size: number
  /** Whether the head is all of it. */
  whole: boolean
  /** The head as text; null where it is none. */
  text: Text | null
}

/** More of a file is not looked at, however much is given. */
const MAX_HEAD_BYTES = 16 * 1024

export function candidate(name: string, given: Buffer, size: number): Candidate {
  const head = given.subarray(0, MAX_HEAD_BYTES)
  const whole = size <= head.length
  return { extension: extname(name).slice(1).toLowerCase(), head, size, whole, text: readText(head, whole) }
}

/** For formats with neither a registered media type nor one in common use. */
export const UNREGISTERED = 'application/octet-stream'

export const model = (mediaType: string): DetectedContent => ({ mediaType, media: 'model' })
export const image = (mediaType: string): DetectedContent => ({ mediaType, media: 'image' })
export const document = (mediaType: string): DetectedContent => ({ mediaType, media: 'document' })

export interface Text {
  content: string
  /**
   * The bytes are valid UTF-8 or UTF-16. Else they were read as Latin-1, which any bytes are: a guess that
   * only the structure of the text can confirm.
   */
  certain: boolean
}

/** Tab, LF, FF, CR and ESC: the controls that text may hold (WHATWG MIME Sniffing §3, "binary data byte"). */
const TEXT_CONTROLS = new Set([0x09, 0x0a, 0x0c, 0x0d, 0x1b])

/** The head of a file as text, without its byte order mark; null where it cannot be text. */
export function readText(head: Buffer, whole: boolean): Text | null {
  const utf = decode(encodingByMark(head), head, whole)
  const content = utf ?? head.toString('latin1')
  return isBinary(content) ? null : { content, certain: utf !== null }
}

function encodingByMark(head: Buffer): string {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  return head[0] === 0xfe && head[1] === 0xff ? 'utf-16be' : 'utf-8'
}

/** A character cut off by the end of the head is no fault; one cut off by the end of the file is. */
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
