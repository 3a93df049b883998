/**
 * `npm run test:faults [-- --seconds N --only NAME]`: cuts the database and the bucket of the compiled service off for N
 * seconds in several ways, under uploads, lists, downloads and sockets. Uses an embedded database in a process of its own,
 * or that of MONGODB_URI, and a fake bucket or that of S3_ENDPOINT. Prints a line for each fault. Exits with 1 if an
 * acknowledged upload is lost, an answer takes longer than 20 s, the service is not back after 3 s, or a subscription gets
 * no events afterwards and was not closed.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { mongo } from 'mongoose'
import { openS3Store } from '../../app/storage/s3/store.ts'
import { loadConfig } from '../../config/env.ts'
import { type Client, register } from '../support/app/client.ts'
import { FaultProxy, type ProxyFault } from '../support/app/fault-proxy.ts'
import { killAll, runProcess, startProcess } from '../support/app/process.ts'
import { type UploadOptions, uploadRaw, withLength } from '../support/app/raw-upload.ts'
import { SocketClient } from '../support/app/socket.ts'
import { makeBucket } from '../support/s3/bucket.ts'
import { startFakeS3 } from '../support/s3/fake-s3.ts'

const LONGEST_ANSWER_MS = 20_000
const BACK_MS = 3000
const SUBSCRIPTIONS = 3
/** Close codes after which a client connects again: going away, service restart, try again later (RFC 6455 §7.4). */
const RECONNECT_CODES = new Set([1001, 1012, 1013])

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '12' }, only: { type: 'string', default: '' } },
})
const faultMs = Number(values.seconds) * 1000
const folder = await mkdtemp(join(tmpdir(), 'kura-faults-'))
const dbpath = join(folder, 'database')
const socket = join(folder, 'mongod.sock')
await mkdir(dbpath)
const startDatabase = () =>
  runProcess(
    { TMPDIR: folder },
    'test/support/app/fake-mongod.ts',
    `set -- "$@" --dbpath ${dbpath} --bind_ip ${socket} --nounixsocket --logpath ${join(folder, 'log')}`,
  )

const { MONGODB_URI } = process.env
const uri = new URL(MONGODB_URI ?? 'mongodb://127.0.0.1/?directConnection=true')
let mongod = MONGODB_URI ? undefined : startDatabase()
const database = await new FaultProxy(
  MONGODB_URI ? { host: uri.hostname, port: Number(uri.port) } : { path: socket },
).listen()
uri.host = `127.0.0.1:${database.port}`
uri.pathname = `/kura-faults-${process.pid}`
const realBucket = await makeBucket()
const fake = realBucket ? undefined : await startFakeS3()
const storage = realBucket?.env ?? {
  S3_ENDPOINT: String(fake?.endpoint),
  S3_BUCKET: String(fake?.name),
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
}
const endpoint = new URL(String(storage.S3_ENDPOINT))
const bucket = await new FaultProxy({ host: endpoint.hostname, port: Number(endpoint.port) }).listen()

const service = await startProcess({
  DATA_DIR: join(folder, 'data'),
  MONGODB_URI: uri.href,
  ...storage,
  S3_ENDPOINT: `http://127.0.0.1:${bucket.port}`,
  LOG_LEVEL: 'error',
})
const { origin } = service
const ada = await register(origin)
/** The digest of each acknowledged file, by the id of its asset. */
const stored = new Map<string, string>()
const answers: Record<string, number> = {}
const errors: string[] = []
let longest = 0
let isOver = false

async function measure(what: string, work: () => Promise<number>): Promise<void> {
  const begun = performance.now()
  const status = await work().catch(() => 0)
  const ms = performance.now() - begun
  longest = Math.max(longest, ms)
  answers[status] = (answers[status] ?? 0) + 1
  if (ms > LONGEST_ANSWER_MS) errors.push(`${what}: ${status} after ${Math.round(ms)} ms`)
  if (status === 500) errors.push(`${what}: 500`)
}

async function upload(client: Client, size: number, how: UploadOptions = {}): Promise<number> {
  const bytes = randomBytes(size)
  const { status, res } = await uploadRaw(client, bytes, withLength(bytes, how))
  const asset = res?.asset as { id: string } | undefined
  if (status === 201 && asset) stored.set(asset.id, createHash('sha256').update(bytes).digest('hex'))
  return status
}

const headers = { Authorization: `Bearer ${ada.token}` }

async function get(path: string): Promise<number> {
  const answer = await fetch(`${origin}${path}`, { headers })
  await answer.arrayBuffer()
  return answer.status
}

async function useSocket(): Promise<number> {
  const client = await SocketClient.signedIn(origin, ada.token)
  client.socket.terminate()
  return 200
}

const LOAD: Record<string, () => Promise<number>> = {
  multipart: () => upload(ada, 50_000),
  'multipart, large': () => upload(ada, 7_000_000),
  raw: () => upload(ada, 50_000, { method: 'PUT', path: '/api/files/a.bin', field: null }),
  list: () => get('/api/assets?count=1'),
  download: () => get(`/api/assets/${[...stored.keys()].at(-1)}/download`),
  socket: useSocket,
}

/** Kills the server of the database, or breaks all connections to one that others use too. */
async function restartDatabase(end: Promise<void>): Promise<void> {
  if (!mongod) return during(database, 'reset', end)
  mongod.signal('SIGKILL')
  await end
  mongod = startDatabase()
}

async function during(proxy: FaultProxy, fault: ProxyFault, end: Promise<void>): Promise<void> {
  proxy.setFault(fault)
  await end
  proxy.setFault('pass')
}

const FAULTS: Record<string, (end: Promise<void>) => Promise<void>> = {
  // what this machine needs without a fault
  nothing: (end) => end,
  'database refused': (end) => during(database, 'refuse', end),
  'database hung': (end) => during(database, 'hang', end),
  'database cut': (end) => during(database, 'cut', end),
  'database killed': restartDatabase,
  'bucket refused': (end) => during(bucket, 'refuse', end),
  'bucket hung': (end) => during(bucket, 'hang', end),
  'bucket cut': (end) => during(bucket, 'reset', end),
}

/** Returns the milliseconds until the service is ready and stores a file. */
async function untilBack(): Promise<number> {
  const begun = performance.now()
  while (performance.now() - begun < 30_000) {
    const ready = await get('/readyz').catch(() => 0)
    if (ready === 200 && (await upload(ada, 1000).catch(() => 0)) === 201) break
    await delay(50)
  }
  return Math.round(performance.now() - begun)
}

const subscribe = () =>
  Promise.all(
    Array.from({ length: SUBSCRIPTIONS }, () =>
      SocketClient.signedIn(origin, ada.token, { subscribe: true }),
    ),
  )

/** Returns how many subscriptions continue, and how many were closed. Reports those that get no event of a new upload. */
async function useSubscriptions(what: string, clients: SocketClient[]): Promise<string> {
  const codes = clients.map((client) => client.closed.then(({ code }) => code))
  await upload(ada, 1000)
  const id = [...stored.keys()].at(-1)
  const event = (client: SocketClient) => client.find(({ asset }) => asset?.id === id).then(() => 'continue')
  const ends = await Promise.all(
    clients.map((client, n) => Promise.race([event(client), codes[n]]).catch(() => 'silent')),
  )
  for (const end of ends)
    if (end !== 'continue' && !RECONNECT_CODES.has(Number(end)))
      errors.push(`${what}: a subscription: ${end}`)
  for (const { socket: one } of clients) one.terminate()
  return ends.join(', ')
}

/** Removes what the run has stored in a real database and a real bucket. */
async function removeReal(): Promise<void> {
  if (MONGODB_URI) {
    const client = new mongo.MongoClient(MONGODB_URI)
    await client.db(uri.pathname.slice(1)).dropDatabase()
    await client.close()
  }
  const { s3 } = loadConfig(storage).storage
  if (!realBucket || !s3) return
  const store = await openS3Store(s3)
  await realBucket.remove(store)
  await store.close()
}

try {
  await upload(ada, 1000)
  const running = Object.entries(LOAD).map(async ([what, request]) => {
    while (!isOver) {
      await measure(what, request)
      await delay(100)
    }
  })
  for (const [what, run] of Object.entries(FAULTS)) {
    if (!what.includes(values.only)) continue
    longest = 0
    const subscriptions = await subscribe()
    await delay(1000)
    await run(delay(faultMs))
    const backMs = await untilBack()
    if (backMs > BACK_MS)
      errors.push(
        `${what}: back after ${backMs} ms: ${await (await fetch(`${origin}/readyz`)).text()} ${service.output().slice(-2000)}`,
      )
    const subscribed = await useSubscriptions(what, subscriptions)
    await delay(6000)
    process.stdout.write(
      `${what} for ${values.seconds} s: back after ${backMs} ms, longest answer ${Math.round(longest)} ms, answers ${JSON.stringify(answers)}, subscriptions ${subscribed}, load of the machine ${loadavg()[0]?.toFixed(1)}\n`,
    )
    for (const status of Object.keys(answers)) delete answers[status]
  }
  isOver = true
  await Promise.all(running)
  for (const [id, digest] of stored) {
    const answer = await fetch(`${origin}/api/assets/${id}/download`, { headers })
    const bytes = Buffer.from(await answer.arrayBuffer())
    if (createHash('sha256').update(bytes).digest('hex') !== digest)
      errors.push(`${id} is lost: ${answer.status}`)
  }
} finally {
  await killAll()
  await database.close()
  await bucket.close()
  await fake?.close()
  await removeReal()
  await rm(folder, { recursive: true, force: true })
}
process.stdout.write(`${stored.size} acknowledged uploads, ${errors.length} errors\n`)
for (const error of errors) process.stdout.write(`  ${error}\n`)
process.exitCode = errors.length > 0 ? 1 : 0
