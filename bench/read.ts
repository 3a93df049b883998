/**
 * One asset, and the first page of a list, as anybody may read them: through the API, and through a bare Express
 * route with the same Mongoose query on the same database (MONGODB_URI, or an embedded one in a process of its own).
 */
import autocannon from 'autocannon'
import { Bench, compare, MB, type Measured, median, processorTime, register, run, say } from './harness.ts'

const ASSETS = 200
const ROUNDS = 3

const bench = await Bench.begin()
try {
  const uri = process.env.MONGODB_URI ?? (await bench.startPeer('database')).origin
  const name = `kura-bench-${Date.now()}`
  const address = new URL(uri)
  address.pathname = name
  const env = { MONGODB_URI: address.href, S3_BUCKET: '', S3_ENDPOINT: '' }
  const service = await bench.startService(env)
  const user = await register(service.origin)
  const path = await bench.makeFile('file', MB / 1000)
  const ids = await plant(service.origin, user.Authorization, path)
  const peer = await bench.startPeer('read', env)

  for (const [what, ours, bare] of [
    ['GET of one asset', `/api/assets/${ids[0]}`, `/assets/${ids[0]}`],
    ['first page of a list', '/api/assets', '/assets'],
  ] as const) {
    const rates = { service: [] as Rate[], peer: [] as Rate[] }
    for (let round = 0; round <= ROUNDS; round++) {
      const served = await rate(service, ours)
      const raw = await rate(peer, bare)
      if (round === 0) continue
      rates.service.push(served)
      rates.peer.push(raw)
    }
    const perSecond = (of: Rate[]) => median(of.map(({ rate }) => rate))
    const processor = (of: Rate[]) => median(of.map(({ milliseconds }) => milliseconds)).toFixed(2)
    compare(what, 'req/s', perSecond(rates.service), perSecond(rates.peer), 0.5)
    say(
      `${''.padEnd(40)} processor: ${processor(rates.service)} ms   bare ${processor(rates.peer)} ms a request`,
    )
  }
} finally {
  await bench.end()
}

/** Uploads public assets, many with one curl. */
async function plant(origin: string, authorization: string, path: string): Promise<string[]> {
  const one = ['-H', `Authorization: ${authorization}`, '-F', `files=@${path}`, '-F', 'visibility=public']
  const args = Array.from({ length: ASSETS }, () => [...one, `${origin}/api/assets`, '--next']).flat()
  const { stdout } = await run('curl', ['-sS', ...args.slice(0, -1)], { maxBuffer: 64 * MB })
  return [...stdout.matchAll(/"asset":\{"id":"([0-9a-f]+)"/g)].map(([, id]) => String(id))
}

interface Rate {
  /** Answers a second. */
  rate: number
  /** Processor time of one answer. */
  milliseconds: number
}

/** Three seconds of ten connections; any answer but 200 is an error. */
async function rate({ origin, pid }: Measured, path: string): Promise<Rate> {
  const before = await processorTime(pid)
  const result = await autocannon({ url: origin + path, connections: 10, duration: 3 })
  const used = (await processorTime(pid)) - before
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${path}: ${result.non2xx} refused`)
  return { rate: result.requests.average, milliseconds: (used * 1000) / result.requests.total }
}
