/**
 * Measures anonymous reads of one asset and of the first page of a list: from the API, and from a bare Express route with
 * the same Mongoose query on the same database (MONGODB_URI, or an embedded database in its own process).
 */
import autocannon from 'autocannon'
import {
  Bench,
  compare,
  MB,
  type Measured,
  median,
  processorTime,
  register,
  say,
  uploadMany,
} from './harness.ts'

const ASSETS = 200
const ROUNDS = 3

const bench = await Bench.begin()
try {
  const given = process.env.MONGODB_URI
  const uri = given ? bench.newDatabase(given) : (await bench.startBare('database')).origin
  const env = { MONGODB_URI: uri, S3_BUCKET: '', S3_ENDPOINT: '' }
  const service = await bench.startService(env)
  const user = await register(service.origin)
  const path = await bench.makeFile('file', MB / 1000)
  const fields = Array.from({ length: ASSETS }, () => [])
  const [id] = await uploadMany(service.origin, user.Authorization, path, fields)
  const peer = await bench.startBare('read', env)

  for (const [label, apiPath, barePath] of [
    ['GET of one asset', `/api/assets/${id}`, `/assets/${id}`],
    ['first page of a list', '/api/assets', '/assets'],
  ] as const) {
    const rates = { service: [] as Rate[], peer: [] as Rate[] }
    for (let round = 0; round <= ROUNDS; round++) {
      const served = await measureRate(service, apiPath)
      const raw = await measureRate(peer, barePath)
      if (round === 0) continue
      rates.service.push(served)
      rates.peer.push(raw)
    }
    const perSecond = (of: Rate[]) => median(of.map(({ rate }) => rate))
    const processor = (of: Rate[]) => median(of.map(({ milliseconds }) => milliseconds)).toFixed(2)
    compare(label, 'req/s', perSecond(rates.service), perSecond(rates.peer), 0.5)
    say(
      `${''.padEnd(40)} processor: ${processor(rates.service)} ms   bare ${processor(rates.peer)} ms a request`,
    )
  }
} finally {
  await bench.end()
}

interface Rate {
  /** Responses per second. */
  rate: number
  /** Processor time per response in milliseconds. */
  milliseconds: number
}

/** Sends requests on ten connections for three seconds. Throws if any response is not 200. */
async function measureRate({ origin, pid }: Measured, path: string): Promise<Rate> {
  const before = await processorTime(pid)
  const result = await autocannon({ url: origin + path, connections: 10, duration: 3 })
  const used = (await processorTime(pid)) - before
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${path}: ${result.non2xx} responses were not 200`)
  return { rate: result.requests.average, milliseconds: (used * 1000) / result.requests.total }
}
