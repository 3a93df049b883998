import { expect } from 'chai'
import { pino } from 'pino'
import { closeEndedSessions } from '../../../controllers/socket/close-ended-sessions.ts'
import { Asset } from '../../../models/asset.ts'
import { Attempt } from '../../../models/attempt.ts'
import { Event } from '../../../models/event.ts'
import { Session } from '../../../models/session.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { closeSockets, SocketClient } from '../../support/app/socket.ts'
import { PASSWORD, signIn, signUp, signUpAdmin, type TestUser } from '../../support/app/users.ts'
import { eventually } from '../../support/eventually.ts'

const HOUR = 3_600_000

describe('WebSocket session', () => {
  let app: TestApp
  let ada: TestUser
  before(async () => {
    app = await startApp({
      env: { TRUST_PROXY: '1', REGISTRATIONS_PER_HOUR: '2' },
      limits: { sessionsMs: 50 },
    })
  })
  after(() => app.stop())
  let count = 0
  beforeEach(async () => {
    await Attempt.deleteMany({})
    count += 1
    ada = await signUp(app, `ada-${count}`)
  })
  afterEach(closeSockets)

  const endings: [how: string, end: () => Promise<unknown>][] = [
    ['user logs out over HTTP', () => ada.post('/api/auth/logout').expect(204)],
    ['user changes the password in another session', changePassword],
    ['user is disabled', async () => disable(ada)],
    ['user is deleted', () => ada.delete('/api/users/me').send({ password: PASSWORD }).expect(204)],
    ['document is deleted', () => Session.deleteMany({ user: ada.user._id })],
  ]
  for (const [how, end] of endings)
    it(`session – ${how} → closed with 4401`, async () => {
      const socket = await SocketClient.signedIn(app.origin, ada.token, { subscribe: true })
      await end()
      expect((await socket.closed).code).to.equal(4401)
    })

  it('session – 48 hours without an operation → closed with 4401', async () => {
    const socket = await SocketClient.signedIn(app.origin, ada.token)
    app.clock.advance(48 * HOUR + 1000)
    expect((await socket.closed).code).to.equal(4401)
  })

  it('upload – session expires during the upload → asset created, then closed with 4401', async () => {
    const socket = await SocketClient.signedIn(app.origin, ada.token)
    const id = socket.begin('upload', { name: 'a.bin', size: 2 })
    await socket.find(({ event }) => event === 'upload.ready')
    socket.send(Buffer.alloc(1))
    app.clock.advance(48 * HOUR + 1000)
    // The database deletes expired sessions.
    await Session.deleteMany({ user: ada.user._id })
    await closeEndedSessions(app.context, app.sockets.connections)
    socket.send(Buffer.alloc(1))
    expect((await socket.answerTo(id)).status).to.equal('success')
    expect((await socket.closed).code).to.equal(4401)
  })

  it('upload – session ended during the upload → closed with 4401, no asset', async () => {
    const socket = await SocketClient.signedIn(app.origin, ada.token)
    socket.begin('upload', { name: 'a.bin', size: 2 })
    await socket.find(({ event }) => event === 'upload.ready')
    socket.send(Buffer.alloc(1))
    await ada.post('/api/auth/logout').expect(204)
    expect((await socket.closed).code).to.equal(4401)
    await eventually(async () => expect(await Asset.countDocuments({ owner: ada.user._id })).to.equal(0))
  })

  it('session – an operation every 30 hours → does not expire', async () => {
    const socket = await SocketClient.signedIn(app.origin, ada.token)
    for (let n = 0; n < 3; n++) {
      app.clock.advance(30 * HOUR)
      await socket.expect('space')
    }
  })

  it('session – another session of the user ended → stays open', async () => {
    const socket = await SocketClient.signedIn(app.origin, ada.token)
    const other = await signIn(app, ada.user)
    await other.post('/api/auth/logout').expect(204)
    await closeEndedSessions(app.context, app.sockets.connections)
    await socket.expect('space')
  })

  it('login – user has too many connections → the new session is ended', async () => {
    const sockets = Array.from({ length: 20 }, () => SocketClient.signedIn(app.origin, ada.token))
    await Promise.all(sockets)
    const sessions = await Session.countDocuments({ user: ada.user._id })
    const rejected = await SocketClient.open(app.origin)
    const { err } = await rejected.ask('login', { login: ada.user.username, password: PASSWORD })
    expect(err?.code).to.equal('too_many_requests')
    expect(await Session.countDocuments({ user: ada.user._id })).to.equal(sessions)
  })

  it('login and create – limits → counted together with HTTP requests', async () => {
    const from = { headers: { 'X-Forwarded-For': '192.0.2.7', 'User-Agent': 'editor/1' } }
    const socket = await SocketClient.open(app.origin, from)
    const wrong = { login: ada.user.username, password: 'wrong password' }
    for (let n = 0; n < 5; n++) {
      expect((await socket.ask('login', wrong)).err?.code).to.equal('bad_credentials')
      await app.api.post('/api/auth/login').set(from.headers).send(wrong).expect(401)
    }
    const right = { ...wrong, password: PASSWORD }
    expect((await socket.ask('login', right)).err?.code).to.equal('too_many_requests')
    await app.api.post('/api/auth/login').set(from.headers).send(right).expect(429)

    await app.api.post('/api/auth/register').set(from.headers).send({ username: 'r1' }).expect(400)
    await app.api
      .post('/api/auth/register')
      .set(from.headers)
      .send({ username: `r1-${count}` })
      .expect(201)
    const other = await SocketClient.open(app.origin, from)
    const created = await other.expect('create', { username: `r2-${count}` })
    const user = String(created.user?.id)
    const third = await SocketClient.open(app.origin, from)
    expect((await third.ask('create', { username: 'r3' })).err?.code).to.equal('validation_failed')
    expect((await third.ask('create', { username: `r3-${count}` })).err?.code).to.equal('too_many_requests')

    const activities = await Event.find({ user }).sort({ at: 1, _id: 1 }).lean()
    expect(activities.map(({ action }) => action)).to.deep.equal(['account.registered', 'login.succeeded'])
    for (const activity of activities) {
      expect(activity).to.include({ address: '192.0.2.7', userAgent: 'editor/1' })
      expect(activity.requestId).to.match(/^[0-9a-f-]{36}$/)
    }
    const { address, userAgent } = await Session.findOne({ user }).orFail()
    expect({ address, userAgent }).to.deep.equal({ address: '192.0.2.7', userAgent: 'editor/1' })
  })

  it('closeEndedSessions – connection changes to another session during the check → stays open', async () => {
    const other = await signIn(app, ada.user)
    const { activeAmong } = Session
    let isDelayed = false
    const socket = await SocketClient.open(app.origin)
    await socket.expect('auth', { token: ada.token })
    Session.activeAmong = async (...given) => {
      const found = await activeAmong.apply(Session, given)
      if (isDelayed) return found
      isDelayed = true
      await socket.expect('auth', { token: other.token })
      return found
    }
    try {
      await eventually(() => expect(isDelayed).to.equal(true))
      await socket.expect('space')
    } finally {
      Session.activeAmong = activeAmong
    }
    await socket.expect('space')
  })

  it('log – any operation → name and result, no secrets', async () => {
    const lines: string[] = []
    const { log } = app.context
    // Without the configured redaction, so that a secret in a log call would be seen.
    app.context.log = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) })
    try {
      const socket = await SocketClient.open(app.origin)
      await socket.expect('login', { login: ada.user.username, password: PASSWORD })
      await socket.ask('auth', { token: 'not.a.token' })
      await socket.expect('auth', { token: ada.token })
      socket.close()
      await eventually(() => expect(lines.join('')).to.contain('socket closed'))
    } finally {
      app.context.log = log
    }
    const answered = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'frame answered')
    expect(answered.map(({ op, code }) => [op, code])).to.deep.equal([
      ['login', undefined],
      ['auth', 'unauthenticated'],
      ['auth', undefined],
    ])
    for (const secret of [PASSWORD, ada.token, 'not.a.token', ada.user.username])
      expect(lines.join('')).not.to.contain(secret)
  })

  async function changePassword() {
    const other = await signIn(app, ada.user)
    const change = { current: PASSWORD, password: 'quite another password' }
    await other.put('/api/auth/password').send(change).expect(204)
  }

  async function disable({ user }: TestUser) {
    const admin = await signUpAdmin(app, 'admin')
    await admin.patch(`/api/users/${user.id}`).send({ disabled: true }).expect(200)
  }
})

describe('WebSocket heartbeat', () => {
  let app: TestApp
  before(async () => {
    // long enough for the other client to answer on a slow machine
    app = await startApp({ limits: { pingMs: 1000 } })
  })
  after(() => app.stop())
  afterEach(closeSockets)

  it('heartbeat – client answers no ping → its connection is terminated, others stay open', async () => {
    const ada = await signUp(app, 'ada')
    const socket = await SocketClient.signedIn(app.origin, ada.token)
    const unresponsive = await SocketClient.signedIn(app.origin, ada.token)
    expect(app.sockets.connections.size).to.equal(2)
    unresponsive.socket.pause()
    await eventually(() => expect(app.sockets.connections.size).to.equal(1))
    await socket.expect('space')
  })
})
