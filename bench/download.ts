/** 256 MB by curl from the disk: through the API, and from a bare server that pipes the file. */
import { Bench, compareTaken, curl, MB, register, type Taken, take, upload } from './harness.ts'

const BYTES = 256 * MB
const ROUNDS = 7

const bench = await Bench.begin()
try {
  const service = await bench.startService({ S3_BUCKET: '', S3_ENDPOINT: '' })
  const peer = await bench.startPeer('send')
  const path = await bench.makeFile('file', BYTES)
  const user = await register(service.origin)
  const { url } = await upload(service.origin, user, path)

  const taken = { service: [] as Taken[], peer: [] as Taken[] }
  const { Authorization } = user
  for (let round = 0; round <= ROUNDS; round++) {
    const signed = ['-H', `Authorization: ${Authorization}`, '-o', '/dev/null', url]
    const ours = await take(service.pid, () => curl(...signed))
    const bare = await take(peer.pid, () => curl('-o', '/dev/null', peer.origin))
    if (round === 0) continue
    taken.service.push(ours)
    taken.peer.push(bare)
  }
  compareTaken('download of 256 MB from disk', BYTES / MB, taken.service, taken.peer, 0.7)
} finally {
  await bench.end()
}
