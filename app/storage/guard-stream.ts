import { addAbortSignal, type Readable } from 'node:stream'

/**
 * Prepares an opened stream for a reader that comes later: an error before that, or an abort, must not end the
 * process for want of a listener. The reader still receives it, since pipes look for an error of their source.
 */
export function guardStream(stream: Readable, signal?: AbortSignal): Readable {
  stream.on('error', () => undefined)
  return signal ? addAbortSignal(signal, stream) : stream
}
