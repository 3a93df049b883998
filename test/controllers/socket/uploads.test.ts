import { expect } from 'chai'
import { Asset } from '../../../models/asset.ts'
import { Upload } from '../../../models/upload.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { closeSockets, SocketClient } from '../../support/app/socket.ts'
import { stateOf } from '../../support/app/state.ts'
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

  /** What is there, once nothing is under way. */
  const settled = () =>
    eventually(async () => {
      const state = await stateOf(app)
      expect(state.uploads).to.deep.equal([])
      expect(state.assets.filter(({ state: of }) => of !== 'ready')).to.deep.equal([])
      for (const account of [...state.users, ...state.capacity])
        expect(account).to.have.nested.property('space.open').that.deep.equals([])
      return state
    })

  /** Begins an upload and sends some of it. */
  const begin = async (size: number, sent: number): Promise<string> => {
    const id = socket.begin('upload', { name: 'chair.bin', size })
    await socket.find(({ event }) => event === 'upload.ready')
    for (let n = 0; n < sent; n += 64 * 1024) socket.send(Buffer.alloc(Math.min(64 * 1024, sent - n)))
    return id
  }

  it('upload – client disconnects midway → nothing is left', async () => {
    const before = await settled()
    await begin(20 * MiB, 10 * MiB)
    await eventually(async () => expect(await Upload.countDocuments()).to.equal(1))
    await eventually(() => expect(socket.socket.bufferedAmount).to.equal(0))
    socket.socket.terminate()
    expect(await settled()).to.deep.equal(before)
  })

  it('upload – client disconnects before it is accepted → nothing is left', async () => {
    const before = await settled()
    for (let n = 0; n < 5; n++) {
      const hasty = await SocketClient.signedIn(app.origin, ada.token)
      hasty.begin('upload', { name: 'chair.bin', size: MiB })
      hasty.send(Buffer.alloc(MiB / 2))
      await eventually(() => expect(hasty.socket.bufferedAmount).to.equal(0))
      hasty.socket.terminate()
    }
    await eventually(() => expect(app.sockets.connections.size).to.equal(1))
    expect(await settled()).to.deep.equal(before)
  })

  it('upload – client closes midway → nothing is left', async () => {
    const before = await settled()
    await begin(2 * MiB, MiB)
    socket.close()
    expect(await settled()).to.deep.equal(before)
  })

  it('upload – second one meanwhile → refused, the first goes on', async () => {
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

  it('upload – more bytes than announced → refused', async () => {
    const before = await settled()
    const id = await begin(100, 101)
    expect((await socket.answerTo(id)).err?.code).to.equal('malformed_upload')
    expect(await settled()).to.deep.equal(before)
    await socket.expect('space')
  })

  it('upload – bytes after a refusal → counted as bytes without an upload', async () => {
    const id = socket.begin('upload', { name: 'chair.bin', size: -1 })
    expect((await socket.answerTo(id)).err?.code).to.equal('validation_failed')
    for (let n = 0; n < 5; n++) socket.send(Buffer.alloc(MiB))
    expect((await socket.closed).code).to.equal(1009)
  })

  it('upload – bucket fails → refused, nothing is left', async () => {
    const before = await settled()
    const { put } = app.store
    app.store.put = async (_key, body) => {
      if (!Buffer.isBuffer(body)) body.destroy()
      throw new Error('the bucket is gone')
    }
    try {
      const id = await begin(MiB, 64 * 1024)
      expect((await socket.answerTo(id)).err?.code).to.equal('internal')
    } finally {
      app.store.put = put
    }
    expect(await settled()).to.deep.equal(before)
  })
})

describe('WebSocket upload with a slow bucket', () => {
  let app: TestApp
  let ada: TestUser
  before(async () => {
    app = await startApp({ limits: { silenceMs: 1500 } })
    ada = await signUp(app, 'ada')
  })
  after(() => app.stop())
  afterEach(closeSockets)

  it('upload – slow bucket → slowed down; given up only when the client sends nothing', async () => {
    const held = await SocketClient.signedIn(app.origin, ada.token)
    const silent = await SocketClient.signedIn(app.origin, ada.token)
    const { put } = app.store
    let go: () => void = () => undefined
    const gate = new Promise<void>((resolve) => {
      go = resolve
    })
    app.store.put = async (key, body, signal, announced) => {
      await gate
      return put(key, body, signal, announced)
    }
    try {
      const id = held.begin('upload', { name: 'held.bin', size: 30 * MiB })
      await held.find(({ event }) => event === 'upload.ready')
      for (let n = 0; n < 30; n++) held.send(Buffer.alloc(MiB))
      const [connection] = app.sockets.connections
      await eventually(() => expect(connection?.isHeld).to.equal(true))

      app.store.put = put
      const given = silent.begin('upload', { name: 'silent.bin', size: 100 })
      await silent.find(({ event }) => event === 'upload.ready')
      silent.send(Buffer.alloc(50))
      expect((await silent.answerTo(given)).err?.code).to.equal('timeout')

      // the meter has one frame, one waits, the system's own buffers have some; what is told is not always all
      expect(held.socket.bufferedAmount).to.be.greaterThan(10 * MiB)
      for (const { received } of held.eventsOf('upload.progress')) expect(received).to.equal(MiB)
      go()
      expect((await held.answerTo(id)).res?.asset?.size).to.equal(30 * MiB)
    } finally {
      go()
      app.store.put = put
    }
    expect(await Asset.countDocuments()).to.equal(1)
    expect(await Upload.countDocuments()).to.equal(0)
  })

  it('upload – service stops before its end → aborted, nothing is left', async () => {
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

describe('slow WebSocket upload', () => {
  let app: TestApp
  let ada: TestUser
  before(async () => {
    app = await startApp({ limits: { windowMs: 500, bytesPerSecond: 100_000 } })
    ada = await signUp(app, 'ada')
  })
  after(() => app.stop())
  afterEach(closeSockets)

  it('upload – slower than the limit → timeout, nothing left', async () => {
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
