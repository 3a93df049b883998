import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { Asset } from '../../../models/asset.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { closeSockets, SocketClient } from '../../support/app/socket.ts'
import { runningUploads, stateOf } from '../../support/app/state.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'
import { eventually } from '../../support/eventually.ts'

const MiB = 1024 * 1024

describe('WebSocket uploads', () => {
  let app: TestApp
  let ada: TestUser
  let socket: SocketClient
  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
  })
  after(() => app.stop())
  beforeEach(async () => {
    socket = await SocketClient.signedIn(app.origin, ada.token)
  })
  afterEach(closeSockets)

  /** Returns the state of database and store once no upload runs. */
  const stateWhenIdle = () =>
    eventually(async () => {
      const state = await stateOf(app)
      expect(state.uploads).to.deep.equal([])
      expect(state.assets.filter(({ state: of }) => of !== 'ready')).to.deep.equal([])
      for (const account of [...state.users, ...state.capacity])
        expect(account).to.have.nested.property('space.uploads').that.deep.equals([])
      return state
    })

  /** Begins an upload of `size` bytes and sends the first `sent` bytes. */
  const begin = async (size: number, sent: number): Promise<string> => {
    const id = socket.begin('upload', { name: 'chair.bin', size })
    await socket.find(({ event }) => event === 'upload.ready')
    for (let n = 0; n < sent; n += 64 * 1024) socket.send(Buffer.alloc(Math.min(64 * 1024, sent - n)))
    return id
  }

  it('upload – client disconnects midway → no object, reservation or asset', async () => {
    const before = await stateWhenIdle()
    await begin(20 * MiB, 10 * MiB)
    await eventually(async () => expect(await runningUploads()).to.have.length(1))
    await eventually(() => expect(socket.socket.bufferedAmount).to.equal(0))
    socket.socket.terminate()
    expect(await stateWhenIdle()).to.deep.equal(before)
  })

  it('upload – sha256 in hex → asset if it matches, checksum_mismatch and nothing left if not', async () => {
    for (const size of [0, 10, MiB]) {
      const bytes = Buffer.alloc(size, 7)
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      for (const given of [sha256, sha256.toUpperCase()])
        expect((await socket.upload(bytes, { name: 'a.bin', sha256: given })).err).to.equal(undefined)
      const before = await stateWhenIdle()
      const { err } = await socket.upload(bytes, { name: 'a.bin', sha256: '0'.repeat(64) })
      expect(err?.code, `${size} bytes`).to.equal('checksum_mismatch')
      expect(await stateWhenIdle()).to.deep.equal(before)
    }
    const { err } = await socket.upload(Buffer.alloc(1), { name: 'a.bin', sha256: 'abc' })
    expect(err?.code).to.equal('validation_failed')
  })

  it('upload – client disconnects before upload.ready → no object, reservation or asset', async () => {
    const before = await stateWhenIdle()
    for (let n = 0; n < 5; n++) {
      const early = await SocketClient.signedIn(app.origin, ada.token)
      early.begin('upload', { name: 'chair.bin', size: MiB })
      early.send(Buffer.alloc(MiB / 2))
      await eventually(() => expect(early.socket.bufferedAmount).to.equal(0))
      early.socket.terminate()
    }
    await eventually(() => expect(app.sockets.connections.size).to.equal(1))
    expect(await stateWhenIdle()).to.deep.equal(before)
  })

  it('upload – client closes midway → no object, reservation or asset', async () => {
    const before = await stateWhenIdle()
    await begin(2 * MiB, MiB)
    socket.close()
    expect(await stateWhenIdle()).to.deep.equal(before)
  })

  it('upload – another upload runs → conflict, the first one succeeds', async () => {
    const id = await begin(MiB, MiB / 2)
    expect((await socket.ask('upload', { name: 'b.bin', size: 10 })).err?.code).to.equal('conflict')
    expect((await socket.ask('get', { id: 'x' })).err?.code).to.equal('not_found')
    for (let n = 0; n < 8; n++) socket.send(Buffer.alloc(64 * 1024))
    expect((await socket.answerTo(id)).res?.asset?.size).to.equal(MiB)
    expect((await socket.upload(Buffer.alloc(10), { name: 'b.bin' })).status).to.equal('success')
  })

  it('upload – bytes sent right after the request → stored', async () => {
    const id = socket.begin('upload', { name: 'chair.bin', size: 3 * MiB })
    for (let n = 0; n < 3; n++) socket.send(Buffer.alloc(MiB))
    expect((await socket.answerTo(id)).res?.asset?.size).to.equal(3 * MiB)
  })

  it('upload – more bytes than size → malformed_upload', async () => {
    const before = await stateWhenIdle()
    const id = await begin(100, 101)
    expect((await socket.answerTo(id)).err?.code).to.equal('malformed_upload')
    expect(await stateWhenIdle()).to.deep.equal(before)
    await socket.expect('space')
  })

  it('upload – over 4 MiB after a refusal → closed with 1009', async () => {
    const id = socket.begin('upload', { name: 'chair.bin', size: -1 })
    expect((await socket.answerTo(id)).err?.code).to.equal('validation_failed')
    for (let n = 0; n < 5; n++) socket.send(Buffer.alloc(MiB))
    expect((await socket.closed).code).to.equal(1009)
  })

  it('upload – store fails → internal, no object, reservation or asset', async () => {
    const before = await stateWhenIdle()
    const { put } = app.store
    app.store.put = async (_key, body) => {
      if (!Buffer.isBuffer(body)) body.destroy()
      throw new Error('the store is unreachable')
    }
    try {
      const id = await begin(MiB, 64 * 1024)
      expect((await socket.answerTo(id)).err?.code).to.equal('internal')
    } finally {
      app.store.put = put
    }
    expect(await stateWhenIdle()).to.deep.equal(before)
  })
})

describe('WebSocket upload with a slow store', () => {
  let app: TestApp
  let ada: TestUser
  before(async () => {
    app = await startApp({ limits: { silenceMs: 1500 } })
    ada = await signUp(app, 'ada')
  })
  after(() => app.stop())
  afterEach(closeSockets)

  it('upload – slow store → backpressure; timeout only for a client that sends nothing', async () => {
    const slowed = await SocketClient.signedIn(app.origin, ada.token)
    const silent = await SocketClient.signedIn(app.origin, ada.token)
    const { put } = app.store
    let openGate: () => void = () => undefined
    const gate = new Promise<void>((resolve) => {
      openGate = resolve
    })
    app.store.put = async (...given) => {
      await gate
      return put(...given)
    }
    try {
      const id = slowed.begin('upload', { name: 'slowed.bin', size: 30 * MiB })
      await slowed.find(({ event }) => event === 'upload.ready')
      for (let n = 0; n < 30; n++) slowed.send(Buffer.alloc(MiB))
      const [connection] = app.sockets.connections
      await eventually(() => expect(connection?.isPaused).to.equal(true))

      app.store.put = put
      const given = silent.begin('upload', { name: 'silent.bin', size: 100 })
      await silent.find(({ event }) => event === 'upload.ready')
      silent.send(Buffer.alloc(50))
      expect((await silent.answerTo(given)).err?.code).to.equal('timeout')

      // The store has one frame, one waits, and the operating system buffers some.
      expect(slowed.socket.bufferedAmount).to.be.greaterThan(10 * MiB)
      for (const { received } of slowed.eventsOf('upload.progress')) expect(received).to.equal(MiB)
      openGate()
      expect((await slowed.answerTo(id)).res?.asset?.size).to.equal(30 * MiB)
    } finally {
      openGate()
      app.store.put = put
    }
    expect(await Asset.countDocuments()).to.equal(1)
    expect(await runningUploads()).to.deep.equal([])
  })

  it('upload – service stops before its end → no object, reservation or asset', async () => {
    const before = await stateOf(app)
    const socket = await SocketClient.signedIn(app.origin, ada.token)
    socket.begin('upload', { name: 'late.bin', size: 100 })
    await socket.find(({ event }) => event === 'upload.ready')
    socket.send(Buffer.alloc(50))
    await app.sockets.close(100)
    expect((await socket.closed).code).to.equal(1001)
    expect(await stateOf(app)).to.deep.equal(before)
  })
})

describe('WebSocket upload of a slow client', () => {
  let app: TestApp
  let ada: TestUser
  before(async () => {
    app = await startApp({ limits: { windowMs: 500, bytesPerSecond: 100_000 } })
    ada = await signUp(app, 'ada')
  })
  after(() => app.stop())
  afterEach(closeSockets)

  it('upload – slower than the limit → timeout, no object, reservation or asset', async () => {
    const before = await stateOf(app)
    const slow = await SocketClient.signedIn(app.origin, ada.token)
    const id = slow.begin('upload', { name: 'slow.bin', size: MiB })
    await slow.find(({ event }) => event === 'upload.ready')
    const feeding = setInterval(() => slow.send(Buffer.alloc(1000)), 100)
    const { err } = await slow.answerTo(id).finally(() => clearInterval(feeding))
    expect(err?.code).to.equal('timeout')
    await eventually(async () => expect(await stateOf(app)).to.deep.equal(before))
  })
})
