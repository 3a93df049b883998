/**
 * Measures the memory of WebSockets: 1,000 idle connections that are signed in and subscribed, and an upload of 1 GB on
 * one connection, on disk and, if S3_ENDPOINT is set, in a bucket. Linux only.
 */
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'
import {
  Bench,
  MB,
  type Measured,
  memory,
  peakMemory,
  register,
  resetPeak,
  say,
  stores,
  verdict,
} from './harness.ts'

const USERS = 50
const SOCKETS_EACH = 20
/** Targets in MB. */
const IDLE_LIMIT = 60
const UPLOAD_LIMIT = 250
const BYTES = 1000 * MB
const FRAME_BYTES = 256 * 1024

/** Makes registering many users quick. */
const QUICK = { BCRYPT_COST: '4', REGISTRATIONS_PER_HOUR: '0' }

for (const [store, env] of stores) {
  const bench = await Bench.begin()
  try {
    const service = await bench.startService({ ...QUICK, ...env })
    if (store === 'disk') await measureIdle(service)
    await measureUpload(store, service)
  } finally {
    await bench.end()
  }
}

async function measureIdle(service: Measured): Promise<void> {
  const users: string[] = []
  for (let n = 0; n < USERS; n++) users.push(await tokenOf(service))
  await sleepUntilSteady(service.pid)
  const before = await memory(service.pid)
  const sockets: WebSocket[] = []
  for (const token of users)
    for (let n = 0; n < SOCKETS_EACH; n++) sockets.push(await openSocket(service, token, { subscribe: true }))
  await sleepUntilSteady(service.pid)
  const cost = (await memory(service.pid)) - before
  report(
    `${sockets.length} idle sockets`,
    cost,
    IDLE_LIMIT,
    `${((cost * 1000) / sockets.length).toFixed(0)} kB each`,
  )
  for (const socket of sockets) socket.terminate()
}

async function measureUpload(store: string, service: Measured): Promise<void> {
  const socket = await openSocket(service, await tokenOf(service))
  await resetPeak(service.pid)
  const begun = performance.now()
  const ready = nextMessage(socket, ({ event }) => event === 'upload.ready')
  const response = nextMessage(socket, ({ id, status }) => id === 'up' && status !== undefined)
  socket.send(JSON.stringify({ id: 'up', op: 'upload', args: { name: 'file.bin', size: BYTES } }))
  await ready
  const block = Buffer.alloc(FRAME_BYTES, 'not a file of any known kind; ')
  for (let sent = 0; sent < BYTES; sent += block.length) {
    const sending = new Promise<void>((resolve, reject) =>
      socket.send(block.subarray(0, BYTES - sent), (error) => (error ? reject(error) : resolve())),
    )
    if (socket.bufferedAmount > 4 * FRAME_BYTES) await sending
  }
  const { res } = await response
  const rate = BYTES / MB / ((performance.now() - begun) / 1000)
  report(
    `1 GB upload by socket, ${store}`,
    await peakMemory(service.pid),
    UPLOAD_LIMIT,
    `${rate.toFixed(0)} MB/s`,
  )
  const removed = nextMessage(socket, ({ id }) => id === 'remove')
  socket.send(JSON.stringify({ id: 'remove', op: 'remove', args: { id: res?.asset.id } }))
  await removed
  socket.terminate()
}

interface Message {
  id?: unknown
  event?: string
  status?: string
  res?: { asset: { id: string } }
}

/** Resolves with the next message that `isWanted` accepts. */
function nextMessage(socket: WebSocket, isWanted: (message: Message) => boolean): Promise<Message> {
  return new Promise((resolve) => {
    const listen = (data: unknown) => {
      const message: Message = JSON.parse(String(data))
      if (!isWanted(message)) return
      socket.off('message', listen)
      resolve(message)
    }
    socket.on('message', listen)
  })
}

async function openSocket(
  { origin }: Measured,
  token: string,
  { subscribe = false } = {},
): Promise<WebSocket> {
  const socket = new WebSocket(`${origin.replace(/^http/, 'ws')}/ws`)
  await once(socket, 'open')
  const frames: [op: string, args: object][] = [['auth', { token }]]
  if (subscribe) frames.push(['subscribe', {}])
  for (const [op, args] of frames) {
    const response = nextMessage(socket, ({ id }) => id === op)
    socket.send(JSON.stringify({ id: op, op, args }))
    if ((await response).status !== 'success') throw new Error(`${op} was refused`)
  }
  return socket
}

async function tokenOf({ origin }: Measured): Promise<string> {
  return (await register(origin)).Authorization.replace('Bearer ', '')
}

/** Waits until the memory is stable, because the garbage collector works with a delay. */
async function sleepUntilSteady(pid: number): Promise<void> {
  for (let last = 0, now = await memory(pid); Math.abs(now - last) > 1; now = await memory(pid)) {
    last = now
    await delay(1500)
  }
}

function report(label: string, megabytes: number, limit: number, also: string): void {
  say(
    `${label.padEnd(30)} ${megabytes.toFixed(0).padStart(5)} MB (< ${limit}: ${verdict(megabytes < limit)})   ${also}`,
  )
}
