import { expect } from 'chai'
import { Asset } from '../../../models/asset.ts'
import { Event } from '../../../models/event.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { uploadAsset } from '../../support/app/assets.ts'
import { closeSockets, SocketClient } from '../../support/app/socket.ts'
import { signUp, signUpAdmin, type TestUser } from '../../support/app/users.ts'
import { png } from '../../support/data/samples.ts'
import { eventually } from '../../support/eventually.ts'

const DAY = 86_400_000

describe('WebSocket events', () => {
  let app: TestApp
  let elsewhere: string
  let ada: TestUser
  let reader: TestUser
  let unrelated: TestUser
  before(async () => {
    app = await startApp({ limits: { changesMs: 50 } })
    elsewhere = await app.secondInstanceOrigin()
    ;[ada, reader, unrelated] = await Promise.all([
      signUp(app, 'ada'),
      signUp(app, 'reader'),
      signUp(app, 'unrelated'),
    ])
  })
  after(() => app.stop())
  afterEach(closeSockets)

  const subscribe = (user: TestUser, origin = app.origin) =>
    SocketClient.signedIn(origin, user.token, { subscribe: true })
  const about = (socket: SocketClient, id: string) =>
    socket.events.filter((event) => event.asset?.id === id || event.id === id).map(({ event }) => event)
  /** Waits until the sockets have received an event of a later public upload, so earlier events have arrived. */
  const receiveEarlierEvents = async (...sockets: SocketClient[]) => {
    const { id } = await uploadAsset(ada, { visibility: 'public' })
    for (const socket of sockets)
      await socket.find(({ event, asset }) => event === 'asset.created' && asset?.id === id)
  }

  it('event – asset changed → owner receives asset and space events on every process', async () => {
    const here = await subscribe(ada)
    const there = await subscribe(ada, elsewhere)
    const { id } = await uploadAsset(ada)
    const files = { name: 'a.obj', bytes: Buffer.from('v 0 0 0\n') }
    await ada.patch(`/api/assets/${id}`).send({ name: 'Stool' }).expect(200)
    await ada.put(`/api/assets/${id}/files`).attach('files', files.bytes, files.name).expect(200)
    const image = await ada
      .post(`/api/assets/${id}/images`)
      .attach('images', await png(), 'a.png')
      .expect(201)
    await ada.delete(`/api/assets/${id}/images/${image.body.res.asset.images[0].id}`).expect(204)
    await ada.put(`/api/assets/${id}/lock`).send({ legalHold: true }).expect(200)
    await ada.delete(`/api/assets/${id}/lock`).expect(204)
    const last = (await ada.get(`/api/assets/${id}`).expect(200)).body.res.asset
    const updates = Array.from({ length: 6 }, () => 'asset.updated')
    for (const socket of [here, there]) {
      await eventually(() => expect(about(socket, id)).to.deep.equal(['asset.created', ...updates]))
      expect(socket.events.findLast(({ asset }) => asset)?.asset).to.deep.equal(last)
    }
    await ada.delete(`/api/assets/${id}`).expect(204)
    for (const socket of [here, there]) {
      await socket.find(({ event }) => event === 'asset.deleted')
      expect(about(socket, id)).to.deep.equal(['asset.created', ...updates, 'asset.deleted'])
      const { used, reserved, limit, free, files: count, fileLimit } = (await ada.get('/api/space')).body.res
      await eventually(() =>
        expect(socket.eventsOf('space').at(-1)?.space).to.deep.equal({
          used,
          reserved,
          limit,
          free,
          files: count,
          fileLimit,
        }),
      )
      expect(socket.eventsOf('space')).to.have.length(5)
    }
  })

  it('event – upload or removal over a WebSocket → received by the other connections', async () => {
    const subscriber = await subscribe(ada, elsewhere)
    const sender = await SocketClient.signedIn(app.origin, ada.token)
    const { res } = await sender.upload(Buffer.alloc(10), { name: 'a.bin' })
    const id = String(res?.asset?.id)
    await subscriber.find(({ event }) => event === 'asset.created')
    await sender.expect('remove', { id })
    await subscriber.find(({ event }) => event === 'asset.deleted')
    expect(about(subscriber, id)).to.deep.equal(['asset.created', 'asset.deleted'])
    expect(sender.events.map(({ event }) => event)).to.deep.equal(['upload.ready', 'upload.progress'])
  })

  it('event – rights change → sent only to users who can read the asset then', async () => {
    const sockets = await Promise.all([
      subscribe(reader),
      subscribe(unrelated),
      subscribe(reader, elsewhere),
      subscribe(unrelated, elsewhere),
    ])
    const [one, other, oneThere, otherThere] = sockets
    const owners = [await subscribe(ada), await subscribe(ada, elsewhere)]
    const { id } = await uploadAsset(ada, { name: 'Secret' })
    for (const socket of owners) await socket.find(({ asset }) => asset?.id === id)
    const path = `/api/assets/${id}`
    await ada.put(`${path}/collaborators/reader`).send({ access: 'read' }).expect(200)
    await ada.patch(path).send({ name: 'Shared secret' }).expect(200)
    for (const socket of [one, oneThere])
      await eventually(() => {
        expect(socket && about(socket, id)).to.deep.equal(['asset.updated', 'asset.updated'])
        expect(socket?.events.at(-1)?.asset).to.include({ name: 'Shared secret', access: 'read' })
      })

    await ada.delete(`${path}/collaborators/reader`).expect(204)
    await ada.patch(path).send({ name: 'Secret again' }).expect(200)
    await receiveEarlierEvents(...sockets)
    for (const socket of [one, oneThere])
      expect(socket && about(socket, id)).to.deep.equal(['asset.updated', 'asset.updated'])

    await ada.patch(path).send({ visibility: 'public' }).expect(200)
    await receiveEarlierEvents(...sockets)
    await ada.patch(path).send({ visibility: 'private' }).expect(200)
    await ada.delete(path).expect(204)
    await receiveEarlierEvents(...sockets)
    for (const socket of [other, otherThere])
      expect(socket && about(socket, id)).to.deep.equal(['asset.updated'])
    for (const socket of sockets) {
      expect(socket.eventsOf('space')).to.deep.equal([])
      expect(socket.eventsOf('asset.deleted')).to.deep.equal([])
    }
  })

  it('event – asset deleted → its id, to users who could read it', async () => {
    const { id } = await uploadAsset(ada, { visibility: 'public' })
    const socket = await subscribe(unrelated, elsewhere)
    await ada.delete(`/api/assets/${id}`).expect(204)
    expect(await socket.find(({ event }) => event === 'asset.deleted')).to.deep.equal({
      event: 'asset.deleted',
      id,
    })
  })

  it('event – owner visible to the subscriber → owner in the event', async () => {
    const admin = await signUpAdmin(app, 'admin')
    const sockets = await Promise.all([subscribe(ada), subscribe(unrelated), subscribe(admin)])
    await uploadAsset(ada, { visibility: 'public' })
    const owners = await Promise.all(
      sockets.map(
        async (socket) => (await socket.find(({ event }) => event === 'asset.created')).asset?.owner,
      ),
    )
    const named = { id: ada.user.id, username: 'ada' }
    expect(owners).to.deep.equal([named, null, named])
  })

  it('event – quota changed → space event', async () => {
    const admin = await signUpAdmin(app, 'root')
    const socket = await subscribe(unrelated, elsewhere)
    await admin
      .patch(`/api/users/${unrelated.user.id}`)
      .send({ space: { limit: 5 } })
      .expect(200)
    expect((await socket.find(({ event }) => event === 'space')).space).to.include({ limit: 5 })
    await User.updateOne({ _id: unrelated.user._id }, { 'space.limit': 5e10 })
  })

  it('event – not subscribed → no event', async () => {
    const unsubscribed = await SocketClient.signedIn(app.origin, ada.token)
    const socket = await subscribe(ada)
    await receiveEarlierEvents(socket)
    expect(unsubscribed.events).to.deep.equal([])
  })

  it('event – stored change → no state of the asset', async () => {
    const { id } = await uploadAsset(ada, { name: 'Secret', visibility: 'public' })
    const stored = await Event.find({ asset: id }).lean()
    expect(stored).to.have.length(1)
    const { _id, at, storedAt, expiresAt, processId, ...change } = stored[0] ?? {}
    expect(storedAt).to.be.a('date')
    expect(Number(expiresAt) - Date.now()).to.be.within(30 * DAY, 31 * DAY)
    const { owner } = await Asset.findById(id).orFail()
    expect(JSON.parse(JSON.stringify(change))).to.deep.equal({
      kind: 'asset.created',
      asset: id,
      owner: owner.toString(),
      readers: ['public', owner.toString()],
      space: true,
    })
  })
})

describe('WebSocket backpressure of events', () => {
  let app: TestApp
  before(async () => {
    app = await startApp({ limits: { unreadBytes: 100_000 } })
  })
  after(() => app.stop())
  afterEach(closeSockets)

  it('event – client reads nothing → closed with 1008', async () => {
    const ada = await signUp(app, 'ada')
    const socket = await SocketClient.signedIn(app.origin, ada.token, { subscribe: true })
    socket.socket.pause()
    const [connection] = app.sockets.connections
    // More than the buffers of the operating system take.
    for (let n = 0; n < 20_000 && connection?.isOpen; n++)
      connection.send({ event: 'asset.updated', filler: ''.padEnd(20_000) })
    expect(connection?.isOpen).to.equal(false)
    socket.socket.resume()
    expect((await socket.closed).code).to.equal(1008)
  })
})
