import { finished, type Readable } from 'node:stream'
import { fileTooLarge } from '../errors.ts'
import type { EngineOptions } from './object-store.ts'

/**
 * The metered bytes of one file of a multipart request. Whatever leaves the file incomplete (a client
 * gone, a body cut short, Multer's size limit) destroys the stream with an error, so that a store never
 * takes a part for the whole.
 */
export function openFileSource(file: Express.Multer.File, { meter }: Pick<EngineOptions, 'meter'>): Readable {
  const metered = meter(file)
  finished(file.stream, { writable: false }, (error) => {
    if (error) metered.destroy(error)
  })
  // busboy ends an oversize file as if it were whole, after this event.
  file.stream.once('limit', () => metered.destroy(fileTooLarge()))
  return metered
}
