import { EventEmitter, once } from 'node:events'
import { expect } from 'chai'
import { SEARCH_QUEUE } from '../../config/rate-limits.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { monitorCommands, monitoredUri } from '../support/app/monitor-commands.ts'
import { SocketClient } from '../support/app/socket.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { eventually } from '../support/eventually.ts'

describe('the queue of searches', () => {
  let app: TestApp
  let ada: TestUser

  before(async () => {
    app = await startApp({ uri: await monitoredUri() })
    ada = await signUp(app, 'ada')
  })
  after(() => app.stop())

  /** Holds all that one client can have of the queue, until the returned function is called. */
  function occupy(key: string): () => Promise<unknown> {
    const gate = new EventEmitter()
    const held = once(gate, 'open')
    const tasks = Array.from({ length: SEARCH_QUEUE.concurrency + SEARCH_QUEUE.maxWaiting }, () =>
      app.context.queues.searches.run(key, () => held),
    )
    const ended = Promise.allSettled(tasks)
    return () => {
      gate.emit('open')
      return ended
    }
  }

  /** Lets no search start until the returned function is called. */
  function occupyAll(): () => Promise<unknown> {
    const gate = new EventEmitter()
    const held = once(gate, 'open')
    const tasks = Array.from({ length: SEARCH_QUEUE.concurrency }, () =>
      app.context.queues.searches.run('test', () => held),
    )
    return () => {
      gate.emit('open')
      return Promise.all(tasks)
    }
  }

  it('GET /api/assets – the address has too many searches → 503 for it, 200 for a user', async () => {
    const release = occupy('address 127.0.0.1')
    const { body, headers } = await app.api.get('/api/assets').expect(503)
    expect(body.err).to.include({ code: 'unavailable', message: 'Too many searches wait; try again later.' })
    expect(headers['retry-after']).to.match(/^\d+$/)
    const socket = await SocketClient.open(app.origin)
    const errors: unknown[] = []
    app.context.log.error = (...line: unknown[]) => errors.push(line)
    expect((await socket.ask('list')).err?.code).to.equal('unavailable')
    socket.close()
    expect(errors).to.deep.equal([])
    const search = ada.get('/api/assets?facets=1&count=1').expect(200)
    await Promise.all([
      search,
      eventually(() => expect(app.context.queues.searches.refused).to.equal(3)).then(release),
    ])
    await app.api.get('/api/assets').expect(200)
  })

  it('GET /api/assets – the user has too many searches → 503', async () => {
    const { body: made } = await ada.post('/api/projects').send({ title: 'Room' }).expect(201)
    const paths = [
      '/api/assets',
      '/images',
      '/api/projects',
      `/api/projects/${made.res.project.id}`,
      `/user/${ada.user.id}`,
    ]
    const release = occupy(`user ${ada.user._id}`)
    for (const path of paths) {
      const { status, body } = await ada.get(path)
      expect([status, body.err?.code], path).to.deep.equal([503, 'unavailable'])
    }
    await release()
    for (const path of paths) await ada.get(path).expect(200)
  })

  it('GET /api/assets – the same search waits several times → read once for each viewer, the answers have what was stored before', async () => {
    const bob = await signUp(app, 'bob')
    const release = occupyAll()
    const paths = ['/api/assets?limit=5', '/api/assets?limit=5', '/api/assets?limit=6']
    const asset = await uploadAsset(ada, { visibility: 'private' })
    const waiting = [ada, bob].flatMap((user) => paths.map((path) => user.get(path).expect(200)))
    const answers = Promise.all(waiting)
    await eventually(() => expect(app.context.queues.searches.waiting).to.equal(waiting.length))
    const commands = await monitorCommands(async () => {
      await release()
      await answers
    })
    expect(commands.filter((command) => command === 'assets.find')).to.have.length(4)
    const found = (await answers).map(({ body }) => body.res.assets.map(({ id }: { id: string }) => id))
    expect(found).to.deep.equal([[asset.id], [asset.id], [asset.id], [], [], []])
  })

  it('GET /api/assets – queue full, invalid request → validation error', async () => {
    const releases = [occupy(`user ${ada.user._id}`), occupy('address 127.0.0.1')]
    for (const path of ['/api/assets', '/images', '/api/projects']) {
      const { status, body } = await ada.get(`${path}?cursor=abc`)
      expect([status, body.err?.details?.[0]?.field], path).to.deep.equal([400, 'cursor'])
    }
    await app.api.get('/api/assets?cursor=abc').expect(400)
    await app.api.get('/api/assets?scope=mine').expect(401)
    await app.api.get('/api/projects').expect(401)
    await ada.get(`/user/${'0'.repeat(24)}`).expect(404)
    await Promise.all(releases.map((release) => release()))
  })
})
