import { extname } from 'node:path'
import type { Media } from '../../models/media.ts'
import { readText, type Text } from './text.ts'

/** What a file turned out to be. */
export interface Identity {
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

export const model = (mediaType: string): Identity => ({ mediaType, media: 'model' })
export const image = (mediaType: string): Identity => ({ mediaType, media: 'image' })
export const document = (mediaType: string): Identity => ({ mediaType, media: 'document' })
