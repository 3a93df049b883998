/**
 * `npm run test:faults [-- --seconds N]`: cuts the database and the bucket of the compiled service off for N seconds in
 * several ways, under uploads, lists, downloads and sockets. Uses an embedded database in a process of its own, and a
 * fake bucket or that of S3_ENDPOINT. Prints a line for each fault. Exits with 1 if an acknowledged upload is lost, an
 * answer takes longer than 20 s, or the service is not back after 3 s. After a database that hung it has 10 s: the answer to a
 * heartbeat or handshake that was lost is noticed by its time-out of 5 s.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Client, register } from '../support/app/client.ts'
import { FaultProxy, type ProxyFault } from '../support/app/fault-proxy.ts'
import { killAll, runProcess, startProcess } from '../support/app/process.ts'
import { type UploadOptions, uploadRaw, withLength } from '../support/app/raw-upload.ts'
import { SocketClient } from '../support/app/socket.ts'
import { startFakeS3 } from '../support/s3/fake-s3.ts'

const LONGEST_ANSWER_MS = 20_000
const BACK_MS = 3000
const BACK_AFTER_HANG_MS = 10_000

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '12' } } })
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

let mongod = startDatabase()
const database = await new FaultProxy({ path: socket }).listen()
const { S3_ENDPOINT, S3_BUCKET } = process.env
const fake = S3_ENDPOINT ? undefined : await startFakeS3()
const endpoint = new URL(S3_ENDPOINT ?? String(fake?.endpoint))
const bucket = await new FaultProxy({ host: endpoint.hostname, port: Number(endpoint.port) }).listen()

const service = await startProcess({
  DATA_DIR: join(folder, 'data'),
  MONGODB_URI: `mongodb://127.0.0.1:${database.port}/?directConnection=true`,
  S3_ENDPOINT: `http://127.0.0.1:${bucket.port}`,
  S3_BUCKET: S3_BUCKET ?? String(fake?.name),
  AWS_REGION: process.env.AWS_REGION ?? 'us-east-1',
  AWS_ACCESS_KEY_ID: process.env.AWS_ACCESS_KEY_ID ?? 'test',
  AWS_SECRET_ACCESS_KEY: process.env.AWS_SECRET_ACCESS_KEY ?? 'test',
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

async function restartDatabase(end: Promise<void>): Promise<void> {
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
  'database hung': (end) => during(database, 'stall', end),
  'database refused': (end) => during(database, 'refuse', end),
  'database cut': (end) => during(database, 'cut', end),
  'database killed': restartDatabase,
  'bucket refused': (end) => during(bucket, 'refuse', end),
  'bucket hung': (end) => during(bucket, 'stall', end),
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

try {
  await upload(ada, 1000)
  const running = Object.entries(LOAD).map(async ([what, request]) => {
    while (!isOver) {
      await measure(what, request)
      await delay(100)
    }
  })
  for (const [what, run] of Object.entries(FAULTS)) {
    longest = 0
    await delay(1000)
    await run(delay(faultMs))
    const backMs = await untilBack()
    if (backMs > (what === 'database hung' ? BACK_AFTER_HANG_MS : BACK_MS))
      errors.push(
        `${what}: back after ${backMs} ms: ${await (await fetch(`${origin}/readyz`)).text()} ${service.output().slice(-2000)}`,
      )
    await delay(6000)
    process.stdout.write(
      `${what} for ${values.seconds} s: back after ${backMs} ms, longest answer ${Math.round(longest)} ms, answers ${JSON.stringify(answers)}\n`,
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
  await rm(folder, { recursive: true, force: true })
}
process.stdout.write(`${stored.size} acknowledged uploads, ${errors.length} errors\n`)
for (const error of errors) process.stdout.write(`  ${error}\n`)
process.exitCode = errors.length > 0 ? 1 : 0
