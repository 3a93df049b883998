// Computes the SHA-256 hashes that `digest.ts` asks for. JavaScript, because a worker thread starts without the
// TypeScript loader when the service is not compiled.
// @ts-check
import { createHash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'

/** @type {Map<number, import('node:crypto').Hash>} */
const hashes = new Map()

parentPort?.on('message', (/** @type {import('./digest.ts').DigestJob} */ { id, bytes, last }) => {
  const hash = hashes.get(id) ?? createHash('sha256')
  if (bytes) hash.update(bytes)
  if (last) hashes.delete(id)
  else hashes.set(id, hash)
  if (bytes) parentPort?.postMessage({ id, sha256: last ? hash.digest('hex') : undefined })
})
