/** 256 MB by curl as one multipart body: through the API onto the disk, and into a bare busboy-to-file server. */
import { Bench, compareTaken, curl, MB, register, type Taken, take, upload } from './harness.ts'

const BYTES = 256 * MB
const ROUNDS = 5

const bench = await Bench.begin()
try {
  const service = await bench.startService({ S3_BUCKET: '', S3_ENDPOINT: '' })
  const peer = await bench.startPeer('receive')
  const path = await bench.makeFile('file', BYTES)
  const user = await register(service.origin)

  const taken = { service: [] as Taken[], peer: [] as Taken[] }
  for (let round = 0; round <= ROUNDS; round++) {
    let id = ''
    const ours = await take(service.pid, async () => {
      const uploaded = await upload(service.origin, user, path)
      id = uploaded.id
      return uploaded
    })
    const bare = await take(peer.pid, () => curl('-F', `files=@${path}`, peer.origin))
    await fetch(`${service.origin}/api/assets/${id}`, { method: 'DELETE', headers: user })
    if (round === 0) continue
    taken.service.push(ours)
    taken.peer.push(bare)
  }
  compareTaken('upload of 256 MB to disk', BYTES / MB, taken.service, taken.peer, 0.5)
} finally {
  await bench.end()
}
