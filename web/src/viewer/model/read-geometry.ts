import worker from 'worker:geometry'
import { assetText } from '../../asset-text.ts'
import { ModelError } from './check.ts'
import type { Geometry, GeometryTask } from './geometry-worker.ts'

/**
 * Reads the geometry of a model in a worker, so that the page goes on meanwhile. `bytes` cannot be used afterwards.
 *
 * @param signal ends the worker, whatever it does
 * @throws ModelError, or the reason of `signal`
 */
export function readGeometry(task: GeometryTask, signal: AbortSignal): Promise<Geometry> {
  signal.throwIfAborted()
  const reader = new Worker(new URL(worker, import.meta.url))
  return new Promise<Geometry>((resolve, reject) => {
    reader.onmessage = ({ data }: MessageEvent<Geometry>) => resolve(data)
    reader.onerror = (event) => {
      event.preventDefault()
      reject(new ModelError(assetText.viewer.modelBroken))
    }
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    reader.postMessage(task, [task.bytes.buffer])
  }).finally(() => reader.terminate())
}
