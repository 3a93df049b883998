import workerFile from 'worker:sha256'
import type { Answer } from './sha256-worker.ts'

/** Computes the SHA-256 of a file in a worker, so that the page stays responsive. See `RunDeps`. */
export function hashFile(
  file: File,
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
): Promise<string> {
  const worker = new Worker(new URL(workerFile, import.meta.url))
  return new Promise<string>((resolve, reject) => {
    const stop = () => reject(new DOMException('aborted', 'AbortError'))
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if ('bytes' in data) onProgress(data.bytes)
      else if ('sha256' in data) resolve(data.sha256)
      // browsers give an error of the network, whatever the reason
      else reject(new DOMException(data.error, 'NotReadableError'))
    }
    worker.onerror = ({ message }) => reject(new Error(message))
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, { once: true })
    worker.postMessage(file)
  }).finally(() => worker.terminate())
}
