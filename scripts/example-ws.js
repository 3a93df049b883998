// Example client of the WebSocket: creates an account, subscribes to events, uploads a file, finds it, deletes it, and
// deletes the account. It connects to the address in KURA, or to the PORT of this machine, which can be in `.env`.
// KURA=http://localhost:8080 npm run example:ws -- [file]
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { config as readDotenv } from 'dotenv'
import { WebSocket } from 'ws'

/** Bytes of a file in one frame, and bytes that wait to be sent before the file is read on. */
const FRAME_BYTES = 256 * 1024

const [, , path] = process.argv
readDotenv({ quiet: true })
const origin = process.env.KURA || `http://localhost:${process.env.PORT || 8080}`
const address = new URL('ws', origin.replace(/\/?$/, '/'))
address.protocol = address.protocol.replace('http', 'ws')
print(`connecting to ${address}`)
const socket = new WebSocket(address)
const onAnswer = new Map()
const onEvent = new Map()
let lastId = 0

socket.on('message', (text) => {
  const message = JSON.parse(text)
  if (!message.event) return onAnswer.get(message.id)(message)
  print(`event  ${message.event} ${summarize(message)}`)
  onEvent.get(message.event)?.(message)
})
socket.on('close', (code) => print(`closed ${code}`))
await once(socket, 'open').catch((error) => {
  process.stderr.write(
    `The service does not answer at ${address}: ${error.message || error.code}. Start it with \`npm start\`, or set KURA to its address.\n`,
  )
  process.exit(1)
})

const { user, token, accountKey } = await send('create', { username: `example-${Date.now()}` })
print(`signed in as ${user.username}`)
try {
  await upload()
} finally {
  socket.close()
  await once(socket, 'close')
  await deleteAccount()
}

/** Uploads a file, finds it and deletes it. */
async function upload() {
  await send('subscribe')
  const { name, size, bytes } = await chosenFile()
  const created = Promise.all([nextEvent('asset.created'), nextEvent('space')])
  const ready = nextEvent('upload.ready')
  const uploaded = send('upload', { name, size, tags: ['example'] })
  await Promise.race([ready, uploaded])
  for await (const chunk of bytes) {
    socket.send(chunk)
    // The service reads only as fast as it stores, so the bytes that wait here are bounded.
    while (socket.bufferedAmount > FRAME_BYTES) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const { asset } = await uploaded
  print(`stored ${asset.name}, ${asset.size} bytes, sha256 ${asset.files[0].sha256}`)
  await created

  const { assets } = await send('list', { scope: 'mine', tag: ['example'] })
  print(`found  ${assets.map((one) => one.name).join(', ')}`)
  const deleted = Promise.all([nextEvent('asset.deleted'), nextEvent('space')])
  await send('remove', { id: asset.id })
  await deleted
}

/** Sends an operation. Resolves with its result, or rejects with the error of the service. */
function send(op, args = {}) {
  const id = ++lastId
  socket.send(JSON.stringify({ id, op, args }))
  return new Promise((resolve, reject) => {
    onAnswer.set(id, ({ res, err }) =>
      err ? reject(new Error(`${op}: ${err.code}: ${err.message}`)) : resolve(res),
    )
  })
}

/** Deletes the account with all that is left of it. This needs HTTP. */
async function deleteAccount() {
  const answer = await fetch(new URL('/api/users/me', origin), {
    method: 'DELETE',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ password: accountKey }),
  })
  if (answer.status !== 204) throw new Error(`The account was not deleted: ${await answer.text()}`)
  print(`deleted the account ${user.username}`)
}

/** Resolves with the next event of a name. */
function nextEvent(name) {
  return new Promise((resolve) => onEvent.set(name, resolve))
}

async function chosenFile() {
  if (!path) {
    const text = Buffer.from('v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n')
    return { name: 'triangle.obj', size: text.length, bytes: Readable.from([text]) }
  }
  const bytes = createReadStream(path, { highWaterMark: FRAME_BYTES })
  return { name: basename(path), size: (await stat(path)).size, bytes }
}

function summarize({ asset, id, space, received, size }) {
  if (asset) return `${asset.id} ${asset.name}, version ${asset.version}`
  if (space) return `${space.used} of ${space.limit} bytes used`
  return received === undefined ? id : `${received} of ${size} bytes`
}

function print(line) {
  process.stdout.write(`${line}\n`)
}
