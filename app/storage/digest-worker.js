// Computes the hashes that `digest.ts` asks for. JavaScript, because a worker thread starts without the TypeScript loader
// when the service is not compiled.
// @ts-check
import { createHash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { crc32 } from 'node:zlib'

/** @type {Map<number, { hash: import('node:crypto').Hash, crc: number }>} */
const streams = new Map()

parentPort?.on('message', (/** @type {import('./digest.ts').DigestJob} */ { id, bytes, last }) => {
  const stream = streams.get(id) ?? { hash: createHash('sha256'), crc: 0 }
  if (bytes) {
    stream.hash.update(bytes)
    stream.crc = crc32(bytes, stream.crc)
  }
  if (last) streams.delete(id)
  else streams.set(id, stream)
  if (!bytes) return
  const hashes = last ? { sha256: stream.hash.digest('hex'), crc32: stream.crc } : undefined
  parentPort?.postMessage({ id, hashes })
})
