import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect } from 'chai'
import { startEmbeddedMongo } from '../../embedded/mongo/start.ts'
import { toBson } from '../../embedded/mongo/values/codec.ts'
import type { Doc } from '../../embedded/mongo/values/types.ts'
import { Frames, readMessage, writeCommand } from '../../embedded/mongo/wire/message.ts'
import { socketOf, temporaryDirectory } from './engine.ts'

const int32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

/** Returns an OP_MSG with the given flags and sections. */
function message(flags: number, ...sections: Uint8Array[]): Buffer {
  const body = Buffer.concat([int32(7), int32(0), int32(2013), int32(flags), ...sections])
  return Buffer.concat([int32(body.length + 4), body])
}
const bodySection = (doc: Doc) => Buffer.concat([Buffer.from([0]), toBson(doc)])
function sequence(name: string, docs: Doc[]): Buffer {
  const content = Buffer.concat([Buffer.from(`${name}\0`), ...docs.map(toBson)])
  return Buffer.concat([Buffer.from([1]), int32(content.length + 4), content])
}

describe('wire protocol', () => {
  let server: Awaited<ReturnType<typeof startEmbeddedMongo>>
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>
  const open: Client[] = []

  before(async () => {
    directory = await temporaryDirectory()
    server = await startEmbeddedMongo({ dir: directory.path })
  })
  afterEach(() => {
    for (const client of open.splice(0)) client.socket.destroy()
  })
  after(async () => {
    await server.close()
    await directory.remove()
  })

  async function client() {
    const made = new Client(connect(socketOf(server.uri)))
    open.push(made)
    await once(made.socket, 'connect')
    return made
  }
  const ping = writeCommand({ ping: 1, $db: 'test' })
  const count = async (collection: string) => {
    const asking = await client()
    asking.socket.write(writeCommand({ count: collection, $db: 'test' }))
    return (await asking.reply()).n
  }

  it('OP_QUERY – first message → OP_REPLY', async () => {
    const asking = await client()
    const query = Buffer.concat([
      ...[int32(3), int32(0), int32(2004), int32(0), Buffer.from('admin.$cmd\0'), int32(0), int32(-1)],
      toBson({ ismaster: 1, helloOk: true }),
    ])
    asking.socket.write(Buffer.concat([int32(query.length + 4), query]))
    const reply = await asking.frame()
    expect([reply.readInt32LE(8), reply.readInt32LE(12), reply.readInt32LE(16)]).to.deep.equal([3, 1, 8])
    expect(reply.readInt32LE(32)).to.equal(1)
    expect(reply.includes('isWritablePrimary')).to.equal(true)
  })

  it('message – sent byte by byte → reply', async () => {
    const { socket, reply } = bound(await client())
    for (const byte of ping) socket.write(Buffer.from([byte]))
    expect(await reply()).to.deep.equal({ ok: 1 })
  })

  it('messages – several in one chunk → answered in order', async () => {
    const { socket, reply } = bound(await client())
    const insert = (n: number) => writeCommand({ insert: 'order', documents: [{ _id: n }], $db: 'test' })
    const find = writeCommand({ count: 'order', $db: 'test' })
    const chunk = Buffer.concat([insert(1), find, insert(2), find, ping])
    socket.write(chunk.subarray(0, 100))
    socket.write(chunk.subarray(100))
    const replies = [await reply(), await reply(), await reply(), await reply(), await reply()]
    expect(replies.map(({ n }) => n)).to.deep.equal([1, 1, 1, 2, undefined])
  })

  it('message – moreToCome → no reply', async () => {
    const { socket, reply } = bound(await client())
    socket.write(message(2, bodySection({ insert: 'silent', documents: [{ _id: 1 }], $db: 'test' })))
    socket.write(ping)
    expect(await reply()).to.deep.equal({ ok: 1 })
    expect(await count('silent')).to.equal(1)
  })

  it('message – document sequence or checksum → accepted', async () => {
    const { socket, reply } = bound(await client())
    const docs = [{ _id: 1 }, { _id: 2 }, { _id: 3 }]
    socket.write(message(0, sequence('documents', docs), bodySection({ insert: 'many', $db: 'test' })))
    expect(await reply()).to.deep.equal({ n: 3, ok: 1 })
    socket.write(message(1, bodySection({ count: 'many', $db: 'test' }), int32(0x12345678)))
    expect(await reply()).to.deep.equal({ n: 3, ok: 1 })
  })

  const garbage: [name: string, bytes: Buffer][] = [
    ['a message longer than 48 MB', Buffer.concat([int32(48_000_001), Buffer.alloc(12)])],
    ['a length too short for a header', Buffer.concat([int32(8), Buffer.alloc(12)])],
    ['a negative length', Buffer.concat([int32(-1), Buffer.alloc(12)])],
    ['an unknown opcode', Buffer.concat([int32(20), int32(1), int32(0), int32(2012), int32(0)])],
    ['a request by HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['unknown required flags', message(4, bodySection({ ping: 1, $db: 'test' }))],
    [
      'a body that is not BSON',
      message(0, Buffer.concat([Buffer.from([0]), int32(12), Buffer.alloc(8, 0xff)])),
    ],
    ['a section of a wrong length', message(0, bodySection({ ping: 1 }), Buffer.from([1]), int32(1000))],
    ['two bodies', message(0, bodySection({ ping: 1, $db: 'a' }), bodySection({ ping: 1, $db: 'a' }))],
    ['no body', message(0, sequence('documents', [{}]))],
    ['an unknown kind of section', message(0, Buffer.from([9]))],
  ]
  for (const [name, bytes] of garbage) {
    it(`message – ${name} → only this socket closed`, async () => {
      const [bad, good] = [await client(), await client()]
      const closed = once(bad.socket, 'close')
      bad.socket.write(bytes)
      await closed
      good.socket.write(ping)
      expect(await good.reply()).to.deep.equal({ ok: 1 })
    })
  }

  it('message – client disconnects midway → server continues', async () => {
    const leaving = await client()
    leaving.socket.write(ping.subarray(0, 10))
    leaving.socket.destroy()
    expect(await count('nothing')).to.equal(0)
  })

  it('close – open sockets → all closed, no more answers', async () => {
    const other = await temporaryDirectory()
    const brief = await startEmbeddedMongo({ dir: other.path })
    const path = socketOf(brief.uri)
    const socket = connect(path)
    await once(socket, 'connect')
    const closed = once(socket, 'close')
    await Promise.all([brief.close(), brief.close()])
    await closed
    const [error] = await once(connect(path), 'error')
    expect(error).to.have.property('code', 'ENOENT')
    await other.remove()
  })
})

/** Opens a socket whose replies can be awaited one by one. */
class Client {
  readonly #frames: Buffer[] = []
  #waiting: ((frame: Buffer) => void) | undefined

  constructor(readonly socket: Socket) {
    const frames = new Frames()
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      for (const frame of frames.add(chunk)) this.#take(frame)
    })
  }

  #take(frame: Buffer) {
    if (this.#waiting) this.#waiting(frame)
    else this.#frames.push(frame)
    this.#waiting = undefined
  }

  frame(): Promise<Buffer> {
    const next = this.#frames.shift()
    if (next) return Promise.resolve(next)
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }

  async reply(): Promise<Doc> {
    return readMessage(await this.frame()).body
  }
}

const bound = (client: Client) => ({ socket: client.socket, reply: () => client.reply() })
