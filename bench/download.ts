/** Measures a download of 256 MB from disk with curl: from the API and from a bare server that pipes the file. */
import { Bench, compareTimings, curl, MB, measureTime, register, type Timing, upload } from './harness.ts'

const BYTES = 256 * MB
const ROUNDS = 7

const bench = await Bench.begin()
try {
  const service = await bench.startService({ S3_BUCKET: '', S3_ENDPOINT: '' })
  const peer = await bench.startBare('send')
  const path = await bench.makeFile('file', BYTES)
  const user = await register(service.origin)
  const { url } = await upload(service.origin, user, path)

  const timings = { service: [] as Timing[], peer: [] as Timing[] }
  const { Authorization } = user
  for (let round = 0; round <= ROUNDS; round++) {
    const signed = ['-H', `Authorization: ${Authorization}`, '-o', '/dev/null', url]
    const api = await measureTime(service.pid, () => curl(...signed))
    const bare = await measureTime(peer.pid, () => curl('-o', '/dev/null', peer.origin))
    if (round === 0) continue
    timings.service.push(api)
    timings.peer.push(bare)
  }
  compareTimings('download of 256 MB from disk', BYTES / MB, timings.service, timings.peer, 0.7)
} finally {
  await bench.end()
}
