/**
 * `npm run test:faults [-- --seconds N]`: cuts the database and the bucket of the compiled service off for N seconds in
 * several ways, under uploads, lists, downloads and sockets. Uses the database of MONGODB_URI, or an embedded one in a
 * process of its own, and a new bucket at S3_ENDPOINT, or a fake one. Prints a line for each fault. Exits with 1 if an
 * acknowledged upload is lost, an answer takes longer than 20 s, or the service is not back after 3 s.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Client, register } from '../support/app/client.ts'
import type { FaultProxy, ProxyFault } from '../support/app/fault-proxy.ts'
import { killAll, startProcess } from '../support/app/process.ts'
import { type UploadOptions, uploadRaw, withLength } from '../support/app/raw-upload.ts'
import { SocketClient } from '../support/app/socket.ts'
import { openBucket, openDatabase } from './faulty-servers.ts'

const LONGEST_ANSWER_MS = 20_000
const BACK_MS = 3000

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '12' } } })
const faultMs = Number(values.seconds) * 1000
const folder = await mkdtemp(join(tmpdir(), 'kura-faults-'))
const database = await openDatabase(folder)
const bucket = await openBucket()

const service = await startProcess({
  DATA_DIR: join(folder, 'data'),
  LOG_LEVEL: 'error',
  ...database.env,
  ...bucket.env,
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

async function during(
  { proxy }: { proxy: FaultProxy },
  fault: ProxyFault,
  end: Promise<void>,
): Promise<void> {
  proxy.setFault(fault)
  await end
  proxy.setFault('pass')
}

const FAULTS: Record<string, (end: Promise<void>) => Promise<void>> = {
  'database hung': (end) => during(database, 'stall', end),
  'database refused': (end) => during(database, 'refuse', end),
  'database cut': (end) => during(database, 'cut', end),
  'database killed': (end) => database.kill(end),
  'bucket refused': (end) => during(bucket, 'refuse', end),
  'bucket hung': (end) => during(bucket, 'stall', end),
  'bucket cut': (end) => during(bucket, 'reset', end),
}

/** Returns the milliseconds until the service is ready and stores a file, and what it answered before. */
async function untilBack(): Promise<{ ms: number; before: string[] }> {
  const begun = performance.now()
  const elapsed = () => Math.round(performance.now() - begun)
  const before: string[] = []
  const check = async () => {
    const ready = await fetch(`${origin}/readyz`)
    if (ready.status !== 200) return ready.text()
    const status = await upload(ada, 1000)
    return status === 201 ? null : `upload: ${status}`
  }
  while (elapsed() < 30_000) {
    const fault = await check().catch(String)
    if (fault === null) break
    before.push(`${fault}, after ${elapsed()} ms`)
    await delay(50)
  }
  return { ms: elapsed(), before }
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
    const back = await untilBack()
    if (back.ms > BACK_MS)
      errors.push(`${what}: ${[`back after ${back.ms} ms`, ...back.before].join('\n    ')}`)
    await delay(6000)
    process.stdout.write(
      `${what} for ${values.seconds} s: back after ${back.ms} ms, longest answer ${Math.round(longest)} ms, answers ${JSON.stringify(answers)}\n`,
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
  await rm(folder, { recursive: true, force: true })
}
process.stdout.write(`${stored.size} acknowledged uploads, ${errors.length} errors\n`)
for (const error of errors) process.stdout.write(`  ${error}\n`)
process.exitCode = errors.length > 0 ? 1 : 0
