// A client of the socket: makes an account, subscribes, uploads a file, prints what it hears, and tidies up.
// KURA=http://localhost:8080 npm run example:ws -- [file]
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { WebSocket } from 'ws'

/** As much of a file as goes into one frame, and as much as may wait in this process. */
const FRAME_BYTES = 256 * 1024

const [, , path] = process.argv
const address = new URL('/ws', process.env.KURA || 'http://localhost:8080')
address.protocol = address.protocol.replace('http', 'ws')
const socket = new WebSocket(address)
const answers = new Map()
const events = new Map()
let lastId = 0

socket.on('message', (text) => {
  const message = JSON.parse(text)
  if (!message.event) return answers.get(message.id)(message)
  print(`event  ${message.event} ${summary(message)}`)
  events.get(message.event)?.(message)
})
socket.on('close', (code) => print(`closed ${code}`))
await once(socket, 'open')

const { user } = await ask('create', { username: `example-${Date.now()}` })
print(`signed in as ${user.username}`)
await ask('subscribe')

const { name, size, bytes } = await chosenFile()
const created = Promise.all([heard('asset.created'), heard('space')])
const ready = heard('upload.ready')
const uploaded = ask('upload', { name, size, tags: ['example'] })
await Promise.race([ready, uploaded])
for await (const piece of bytes) {
  socket.send(piece)
  // the service reads no faster than it can store: so do we
  while (socket.bufferedAmount > FRAME_BYTES) await new Promise((resolve) => setTimeout(resolve, 5))
}
const { asset } = await uploaded
print(`stored ${asset.name}, ${asset.size} bytes, sha256 ${asset.files[0].sha256}`)
await created

const { assets } = await ask('list', { scope: 'mine', tag: ['example'] })
print(`found  ${assets.map((one) => one.name).join(', ')}`)
const deleted = Promise.all([heard('asset.deleted'), heard('space')])
await ask('remove', { id: asset.id })
await deleted
socket.close()

/** Sends a frame; resolves with what the service answers, rejects with what it refuses. */
function ask(op, args = {}) {
  const id = ++lastId
  socket.send(JSON.stringify({ id, op, args }))
  return new Promise((resolve, reject) => {
    answers.set(id, ({ res, err }) =>
      err ? reject(new Error(`${op}: ${err.code}: ${err.message}`)) : resolve(res),
    )
  })
}

/** The next event of a name. */
function heard(name) {
  return new Promise((resolve) => events.set(name, resolve))
}

async function chosenFile() {
  if (!path) {
    const text = Buffer.from('v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n')
    return { name: 'triangle.obj', size: text.length, bytes: Readable.from([text]) }
  }
  const bytes = createReadStream(path, { highWaterMark: FRAME_BYTES })
  return { name: basename(path), size: (await stat(path)).size, bytes }
}

function summary({ asset, id, space, received, size }) {
  if (asset) return `${asset.id} ${asset.name}, version ${asset.version}`
  if (space) return `${space.used} of ${space.limit} bytes used`
  return received === undefined ? id : `${received} of ${size} bytes`
}

function print(line) {
  process.stdout.write(`${line}\n`)
}
