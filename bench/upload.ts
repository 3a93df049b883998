/**
 * Measures a multipart upload of 256 MB with curl: to the API (on disk) and to a bare server (busboy to a file, hashed).
 */
import { Bench, compareTimings, curl, MB, measureTime, register, type Timing, upload } from './harness.ts'

const BYTES = 256 * MB
const ROUNDS = 5

const bench = await Bench.begin()
try {
  const service = await bench.startService({ S3_BUCKET: '', S3_ENDPOINT: '' })
  const peer = await bench.startBare('receive')
  const path = await bench.makeFile('file', BYTES)
  const user = await register(service.origin)

  const timings = { service: [] as Timing[], peer: [] as Timing[] }
  for (let round = 0; round <= ROUNDS; round++) {
    let id = ''
    const api = await measureTime(service.pid, async () => {
      const uploaded = await upload(service.origin, user, path)
      id = uploaded.id
      return uploaded
    })
    const bare = await measureTime(peer.pid, () => curl('-F', `files=@${path}`, peer.origin))
    await fetch(`${service.origin}/api/assets/${id}`, { method: 'DELETE', headers: user })
    if (round === 0) continue
    timings.service.push(api)
    timings.peer.push(bare)
  }
  compareTimings('upload of 256 MB to disk', BYTES / MB, timings.service, timings.peer, 0.85)
} finally {
  await bench.end()
}
