import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough, pipeline, Transform } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect } from 'chai'
import express, { type ErrorRequestHandler } from 'express'
import multer from 'multer'
import { MulterEngine } from '../../middleware/multer-engine.ts'
import { eventually } from '../support/eventually.ts'
import { keysIn } from '../support/s3/object-stores.ts'
import { expectNothing, type Place } from './object-store.ts'

const MB = 1024 * 1024
const BOUNDARY = 'kura-boundary'
const end = `\r\n--${BOUNDARY}--\r\n`
const head = (name: string) =>
  `\r\n--${BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="${name}"\r\n\r\n`

const form = (files: Record<string, Buffer>) =>
  Buffer.concat([
    ...Object.entries(files).flatMap(([name, bytes]) => [Buffer.from(head(name)), bytes]),
    Buffer.from(end),
  ])

/** Returns a meter that passes `bytes` through and then fails, as it does when the quota is exceeded. */
function failingAfter(bytes: number, reason: Error): Transform {
  let left = bytes
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      left -= chunk.length
      callback(left < 0 ? reason : null, chunk)
    },
  })
}

/** Defines the tests of files of a multipart request in a store. Uses a real server, so that clients can disconnect. */
/** A source that is never held: the parser reads the request itself. */
const ALWAYS_OPEN = { hold: () => undefined, release: () => undefined }

export function describeEngine(place: Place): void {
  let server: Server
  let meter: () => Transform
  let failures: Error[]
  let limit: number
  /** Waits until no file is being stored any more, then removes the complete ones, as the undo of an upload does. */
  let idle: () => Promise<void>

  function listen() {
    const app = express()
    app.post('/', (req, res, next) => {
      const complete: string[] = []
      let count = 0
      const maxBytes = Number(req.headers['content-length'])
      const engine = new MulterEngine(async ({ stream, originalname }) => {
        const key = `${place.prefix}file-${count++}`
        const { size } = await place.store.put(
          key,
          pipeline(stream, meter(), () => undefined),
          { maxBytes },
        )
        complete.push(key)
        return { key, size, originalname }
      }, ALWAYS_OPEN)
      idle = async () => {
        await engine.idle()
        await place.store.remove(complete)
      }
      multer({ storage: engine, limits: { fileSize: limit } }).array('files')(req, res, (error: unknown) => {
        if (error) next(error)
        else engine.results().then((files) => res.json(files), next)
      })
    })
    const onError: ErrorRequestHandler = (error: Error, _req, res, _next) => {
      failures.push(error)
      if (!res.destroyed) res.status(500).json({ message: error.message })
    }
    app.use(onError)
    server = createServer(app).listen(0, '127.0.0.1')
    return once(server, 'listening')
  }

  function post(bytes: number) {
    const { port } = server.address() as AddressInfo
    return request({
      port,
      host: '127.0.0.1',
      method: 'POST',
      agent: false,
      headers: { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}`, 'Content-Length': bytes },
    })
  }

  async function send(body: Buffer) {
    const sending = post(body.length).end(body)
    const [response] = await once(sending, 'response')
    return { status: response.statusCode, body: JSON.parse((await buffer(response)).toString()) }
  }

  before(listen)
  beforeEach(() => {
    // with a `size`, as Meter has, which lib-storage must not take for the length of the body
    meter = () => Object.assign(new PassThrough(), { size: 0 })
    failures = []
    limit = Number.POSITIVE_INFINITY
  })
  after(async () => {
    server.close()
    await once(server, 'close')
  })

  it('engine – several files, one of them empty → stored, with key and size', async () => {
    const files = { a: randomBytes(12 * MB), b: Buffer.alloc(0), c: Buffer.from('c'), d: randomBytes(5 * MB) }
    const { status, body } = await send(form(files))
    expect(status).to.equal(200)
    expect(body).to.deep.equal(
      Object.entries(files).map(([originalname, { length }], n) => ({
        key: `${place.prefix}file-${n}`,
        size: length,
        originalname,
      })),
    )
    for (const [n, bytes] of Object.values(files).entries()) {
      const stored = await buffer(await place.store.open(`${place.prefix}file-${n}`))
      expect(stored.equals(bytes), `file ${n}`).to.equal(true)
    }
    expect(await place.unfinished(place.prefix), 'unfinished').to.equal(0)
  })

  it('engine – meter changes the bytes → the changed bytes are stored', async () => {
    meter = () =>
      new Transform({
        transform: (chunk: Buffer, _encoding, callback) => callback(null, chunk.toString().toUpperCase()),
      })
    const { body } = await send(form({ a: Buffer.from('loud') }))
    expect(body).to.have.nested.property('[0].size', 4)
    expect((await buffer(await place.store.open(`${place.prefix}file-0`))).toString()).to.equal('LOUD')
  })

  for (const megabytes of [1, 12, 30]) {
    it(`engine – client disconnects halfway through ${megabytes} MB → nothing is left`, async () => {
      const body = form({ a: Buffer.from('complete'), b: randomBytes(megabytes * MB) })
      const sending = post(body.length)
      sending.on('error', () => undefined)
      sending.write(body.subarray(0, body.length / 2))
      await eventually(async () => expect(await keysIn(place.store, place.prefix)).to.have.length(1))
      sending.destroy()
      await eventually(() => expect(failures).to.have.length(1))
      await idle()
      await eventually(() => expectNothing(place))
    })

    it(`engine – meter fails halfway through ${megabytes} MB → nothing is left`, async () => {
      const reason = new Error('The quota is exceeded.')
      meter = () => failingAfter((megabytes * MB) / 2, reason)
      const { status } = await send(form({ a: Buffer.from('complete'), b: randomBytes(megabytes * MB) }))
      expect(status).to.equal(500)
      expect(failures).to.deep.equal([reason])
      await idle()
      await expectNothing(place)
    })
  }

  it('engine – file over the size limit → nothing is left', async () => {
    limit = MB
    const { status, body } = await send(form({ a: Buffer.from('complete'), b: randomBytes(12 * MB) }))
    expect(status).to.equal(500)
    expect(body).to.deep.equal({ message: 'File too large' })
    await idle()
    await expectNothing(place)
  })

  it('engine – truncated body → nothing is left', async () => {
    const { status } = await send(form({ a: randomBytes(6 * MB) }).subarray(0, -end.length))
    expect(status).to.equal(500)
    expect(failures.map(({ message }) => message)).to.deep.equal(['Unexpected end of form'])
    await idle()
    await expectNothing(place)
  })
}
