import { addAbortSignal, type Readable } from 'node:stream'

/**
 * Prepares an open stream that is read later. Adds an error listener, because an error or an abort before the first
 * read would otherwise end the process. The reader still gets the error: `pipeline` checks its source for one.
 */
export function guardStream(stream: Readable, signal?: AbortSignal): Readable {
  stream.on('error', () => undefined)
  return signal ? addAbortSignal(signal, stream) : stream
}
