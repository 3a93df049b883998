import { EventEmitter, once } from 'node:events'
import { expect } from 'chai'
import { SEARCH_QUEUE } from '../../config/rate-limits.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { SocketClient } from '../support/app/socket.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { eventually } from '../support/eventually.ts'

describe('the queue of searches', () => {
  let app: TestApp
  let ada: TestUser

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
  })
  after(() => app.stop())

  /** Holds all that one client can have of the queue, until the returned function is called. */
  function occupy(key: string): () => Promise<unknown> {
    const gate = new EventEmitter()
    const held = once(gate, 'open')
    const tasks = Array.from({ length: SEARCH_QUEUE.concurrency + SEARCH_QUEUE.maxWaiting }, () =>
      app.services.queues.searches.run(key, () => held),
    )
    const ended = Promise.allSettled(tasks)
    return () => {
      gate.emit('open')
      return ended
    }
  }

  it('GET /api/assets – the address has too many searches → 503 for it, 200 for a user', async () => {
    const release = occupy('127.0.0.1')
    const { body, headers } = await app.api.get('/api/assets').expect(503)
    expect(body.err).to.include({ code: 'unavailable', message: 'Too many searches wait; try again later.' })
    expect(headers['retry-after']).to.match(/^\d+$/)
    const socket = await SocketClient.open(app.origin)
    expect((await socket.ask('list')).err?.code).to.equal('unavailable')
    socket.close()
    const search = ada.get('/api/assets?facets=1&count=1').expect(200)
    await Promise.all([
      search,
      eventually(() => expect(app.services.queues.searches.refused).to.equal(3)).then(release),
    ])
    await app.api.get('/api/assets').expect(200)
  })

  it('GET /images – the user has too many searches → 503', async () => {
    const release = occupy(ada.user._id.toString())
    const { body } = await ada.get('/images').expect(503)
    expect(body.err.code).to.equal('unavailable')
    await release()
    await ada.get('/images').expect(200)
  })
})
