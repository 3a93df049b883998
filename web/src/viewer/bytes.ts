import { errorOf, toError } from '../api/errors.ts'
import type { ViewedFile } from './kinds.ts'

/** Returns the URL that shows a file. Without `inline` the service counts a picture that is looked at as a download. */
export const viewUrl = ({ url }: Pick<ViewedFile, 'url'>): string =>
  url.startsWith('blob:') || url.includes('/signed/') || url.includes('?') ? url : `${url}?inline=1`

interface ReadOptions {
  signal: AbortSignal
  /** Reads only this many bytes from the beginning. */
  limit?: number
  onProgress?: (loaded: number) => void
}

/**
 * Reads the bytes of a file.
 *
 * @throws ApiError, or an AbortError of `signal`
 */
export async function readBytes(
  file: Pick<ViewedFile, 'url' | 'size'>,
  { signal, limit, onProgress }: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  if (file.size === 0) return new Uint8Array()
  const headers = limit === undefined || file.size <= limit ? {} : { Range: `bytes=0-${limit - 1}` }
  const response = await fetch(viewUrl(file), { signal, headers }).catch((thrown) => {
    throw thrown instanceof DOMException ? thrown : toError(thrown)
  })
  if (!response.ok) throw errorOf(await response.json().catch(() => null))
  const bytes = new Uint8Array(Math.min(file.size, limit ?? file.size))
  let loaded = 0
  const reader = response.body?.getReader()
  while (reader && loaded < bytes.length) {
    const { done, value } = await reader.read()
    if (done) break
    bytes.set(value.subarray(0, bytes.length - loaded), loaded)
    loaded += value.length
    onProgress?.(Math.min(loaded, bytes.length))
  }
  await reader?.cancel()
  return loaded < bytes.length ? bytes.slice(0, loaded) : bytes
}
