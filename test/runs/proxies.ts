// Checks the time-outs of docs/proxies, which takes minutes: an idle WebSocket, an upload that pauses, kept connections
// that are used again at the time at which the proxy closes them. Run: npx tsx test/runs/proxies.ts
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { register } from '../support/app/client.ts'
import { killAll, startProcess } from '../support/app/process.ts'
import { answerOf, clientOf, PROXIES, type RunningProxy, startProxy } from '../support/app/proxies.ts'
import { SocketClient } from '../support/app/socket.ts'

/** Longer than every time-out of the proxies and of the service. */
const IDLE_MS = 100_000
/** The proxies close idle connections to the service after this time. */
const KEPT_MS = 60_000

const folder = await mkdtemp(join(tmpdir(), 'kura-proxies-'))
const { origin } = await startProcess({ DATA_DIR: join(folder, 'data'), TRUST_PROXY: '1', LOG_LEVEL: 'warn' })
const { token } = await register(origin)
const signedIn = { Authorization: `Bearer ${token}` }
const report = (name: string, line: string) => process.stdout.write(`${name}: ${line}\n`)

async function idleSocket(proxy: RunningProxy): Promise<string> {
  const socket = await SocketClient.open(proxy.origin, { ca: proxy.certificate, family: 4 })
  await socket.expect('auth', { token })
  let pings = 0
  socket.socket.on('ping', () => {
    pings += 1
  })
  await pause(IDLE_MS)
  const { used } = await socket.expect('space')
  socket.close()
  return `WebSocket without a message for ${IDLE_MS / 1000} s: ${pings} pings, answered (${used} bytes used)`
}

async function pausingUpload(proxy: RunningProxy): Promise<string> {
  const client = clientOf(proxy)
  const upload = client.begin('PUT', '/api/files/a.bin', { ...signedIn, 'Content-Length': '1000000' })
  upload.on('error', () => undefined)
  const answered = answerOf(upload)
  const begun = Date.now()
  upload.write(Buffer.alloc(100_000))
  const late = pause(IDLE_MS).then(() => undefined)
  const answer = await Promise.race([answered.catch((error: Error) => error), late])
  const after = `after ${Math.round((Date.now() - begun) / 1000)} s`
  client.close()
  if (!answer) return `upload that pauses: no answer ${after}`
  if (answer instanceof Error) return `upload that pauses: ${answer.message} ${after}`
  return `upload that pauses: ${answer.status} ${answer.bytes} ${after}`
}

async function keptConnections(proxy: RunningProxy): Promise<string> {
  const seen: Record<number, number> = {}
  await Promise.all(
    Array.from({ length: 40 }, async (_, n) => {
      const client = clientOf(proxy)
      for (const wait of [0, KEPT_MS - 400 + n * 20]) {
        await pause(wait)
        const { status } = await client.ask(
          'POST',
          '/api/projects',
          {
            ...signedIn,
            'Content-Type': 'application/json',
          },
          '{"title":"Room"}',
        )
        seen[status] = (seen[status] ?? 0) + 1
      }
      client.close()
    }),
  )
  return `connections used again after about ${KEPT_MS / 1000} s: ${JSON.stringify(seen)}`
}

for (const name of Object.keys(PROXIES) as (keyof typeof PROXIES)[]) {
  const proxy = await startProxy(name, 'host', origin, folder)
  await Promise.all(
    [idleSocket, pausingUpload, keptConnections].map(async (check) => report(name, await check(proxy))),
  )
  const sent = clientOf(proxy).begin('GET', '/healthz')
  sent.end()
  const [res] = await once(sent, 'response')
  report(name, `Strict-Transport-Security: ${res.headers['strict-transport-security']}`)
  await proxy.stop()
}
await killAll()
await rm(folder, { recursive: true, force: true })
process.exit(0)
