import workerFile from 'worker:sha256'

/** Largest file whose SHA-256 is computed before the upload, in bytes. */
const MAX_HASHED_BYTES = 500_000_000

/** Returns the SHA-256 of a file in hexadecimal; null if it is too large or cannot be read. */
export function hashFile(file: File, signal: AbortSignal): Promise<string | null> {
  if (file.size > MAX_HASHED_BYTES) return Promise.resolve(null)
  const worker = new Worker(new URL(workerFile, import.meta.url))
  return new Promise<string | null>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<string>) => resolve(data)
    worker.onerror = () => resolve(null)
    signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')), { once: true })
    worker.postMessage(file)
  }).finally(() => worker.terminate())
}
