import { request } from 'node:http'
import { expect } from 'chai'
import type { Test } from 'supertest'
import { HASH_QUEUE } from '../../config/rate-limits.ts'
import { Attempt } from '../../models/attempt.ts'
import { Link } from '../../models/link.ts'
import { costOf, hashPassword } from '../../models/password.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadFile } from '../support/app/client.ts'
import { closeSockets, SocketClient } from '../support/app/socket.ts'
import { PASSWORD, signUp, type TestUser } from '../support/app/users.ts'
import { eventually } from '../support/eventually.ts'

const DAY_MS = 86_400_000

describe('password checks', () => {
  let app: TestApp
  let ada: TestUser
  let asset: string
  before(async () => {
    app = await startApp({ env: { TRUST_PROXY: '1', REGISTRATIONS_PER_HOUR: '5' } })
    ada = await signUp(app, 'ada', { email: 'ada@example.org', countryCode: '49', mobile: '1511234567' })
    await signUp(app, 'bob')
    const file = await uploadFile({ origin: app.origin, token: ada.token }, Buffer.from('bytes'))
    asset = file.split('/').slice(0, 4).join('/')
  })
  after(async () => {
    await closeSockets()
    await app.stop()
  })
  beforeEach(() => Attempt.deleteMany({}))

  const login = (name: string, password = PASSWORD, address = '192.0.2.1') =>
    app.api.post('/api/auth/login').set('X-Forwarded-For', address).send({ login: name, password })
  const register = (body: object, address = '192.0.2.1') =>
    app.api.post('/api/auth/register').set('X-Forwarded-For', address).send(body)
  const createLink = async () => {
    const created = await ada.post(`${asset}/links`).send({ password: 'open sesame' }).expect(201)
    return String(created.body.res.link.url)
  }
  const follow = (url: string, password: string, address = '192.0.2.1') =>
    app.api.get(url).set('X-Forwarded-For', address).set('X-Link-Password', password)

  /**
   * Fills places of the queue with tasks of different keys, so that no task displaces another. Returns a function that
   * ends the tasks.
   */
  const occupy = (places: number): (() => Promise<void>) => {
    let end = () => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    const { passwords } = app.context.queues
    const tasks = Array.from({ length: places }, (_, n) => passwords.run(`filler ${n}`, () => ended))
    return async () => {
      end()
      await Promise.all(tasks)
    }
  }

  describe('with a full queue', () => {
    let empty: () => Promise<void>
    beforeEach(() => {
      empty = occupy(HASH_QUEUE.concurrency + HASH_QUEUE.maxWaiting)
    })
    afterEach(() => empty())

    const requests: [name: string, send: (link: string) => Test][] = [
      ['POST /api/auth/login', () => login('ada')],
      ['POST /api/auth/login of an unknown name', () => login('nobody')],
      ['POST /api/auth/register', () => register({ username: 'newcomer' })],
      [
        'PUT /api/auth/password',
        () => ada.put('/api/auth/password').send({ current: PASSWORD, password: `${PASSWORD} 2` }),
      ],
      ['DELETE /api/users/me', () => ada.delete('/api/users/me').send({ password: PASSWORD })],
      ['POST /api/assets/:id/links', () => ada.post(`${asset}/links`).send({ password: 'open sesame' })],
      ['GET /api/links/:token', (link) => follow(link, 'open sesame')],
      [
        'POST /api/create',
        () => app.api.post('/api/create').send({ email: 'new@example.org', password: PASSWORD }),
      ],
      [
        'POST /api/login',
        () => app.api.post('/api/login').send({ email: 'ada@example.org', password: PASSWORD }),
      ],
      [
        'POST /login',
        () => app.api.post('/login').send({ mobile: '1511234567', countryCode: '49', password: PASSWORD }),
      ],
      [
        'POST /login of a new number',
        () => app.api.post('/login').send({ mobile: '2222', countryCode: '1', password: PASSWORD }),
      ],
      ['POST /user', () => app.api.post('/user').send({ mobile: '3333', countryCode: '1' })],
    ]
    let link: string
    before(async () => {
      link = await createLink()
    })
    for (const [name, send] of requests)
      it(`${name} – queue full → 503 with Retry-After, nothing counted or stored`, async () => {
        const before = [await User.countDocuments(), await Link.countDocuments()]
        const { status, body, headers } = await send(link)
        expect(status, JSON.stringify(body)).to.equal(503)
        expect(body.err).to.include({ code: 'unavailable' })
        expect(body.err.message).to.include('passwords')
        expect(Number(headers['retry-after'])).to.be.greaterThan(0)
        expect(await Attempt.find({ points: { $ne: 0 } }).lean()).to.deep.equal([])
        expect([await User.countDocuments(), await Link.countDocuments()]).to.deep.equal(before)
      })

    for (const [op, args] of [
      ['login', { login: 'ada', password: PASSWORD }],
      ['create', { username: 'newcomer' }],
    ] as const)
      it(`/ws ${op} – queue full → unavailable`, async () => {
        const socket = await SocketClient.open(app.origin)
        const answer = await socket.ask(op, args)
        expect(answer.err).to.include({ code: 'unavailable' })
        expect(await User.exists({ username: 'newcomer' })).to.equal(null)
        socket.close()
      })

    it('POST /api/auth/register – queue full, taken name → 409 without a password hash', async () => {
      await register({ username: 'ADA', email: 'Ada@example.org' }).expect(409)
    })
  })

  it('POST /api/auth/login – client disconnects while the request waits → dropped from the queue', async () => {
    const { passwords } = app.context.queues
    const empty = occupy(HASH_QUEUE.concurrency)
    const { dropped } = passwords
    const body = JSON.stringify({ login: 'ada', password: PASSWORD })
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }
    const sent = request(`${app.origin}/api/auth/login`, { method: 'POST', headers })
    sent.on('error', () => {}).end(body)
    await eventually(() => expect(passwords.waiting).to.equal(1))
    sent.destroy()
    await eventually(() => expect([passwords.waiting, passwords.dropped]).to.deep.equal([0, dropped + 1]))
    await empty()
    await login('ada').expect(200)
  })

  it('/ws login – WebSocket closes while the operation waits → dropped from the queue', async () => {
    const { passwords } = app.context.queues
    const empty = occupy(HASH_QUEUE.concurrency)
    const socket = await SocketClient.open(app.origin)
    socket.begin('login', { login: 'ada', password: PASSWORD })
    await eventually(() => expect(passwords.waiting).to.equal(1))
    socket.close()
    await eventually(() => expect(passwords.waiting).to.equal(0))
    await empty()
  })

  it('POST /api/auth/register – five requests with a taken name → each counts, the sixth 429', async () => {
    for (let n = 0; n < 5; n++) await register({ username: 'ada' }).expect(409)
    await register({ username: 'somebody' }).expect(429)
    await register({ username: 'somebody' }, '192.0.2.2').expect(201)
  })

  it('GET /api/links/:token – 10 wrong passwords from one address → 429 for this link and address only', async () => {
    const [link, other] = [await createLink(), await createLink()]
    for (let n = 0; n < 10; n++) await follow(link, `wrong ${n}`).expect(401)
    const { headers } = await follow(link, 'open sesame').expect(429)
    expect(Number(headers['retry-after'])).to.be.within(1, 900)
    await follow(link, 'open sesame', '192.0.2.2').expect(200)
    await follow(other, 'open sesame').expect(200)
    await login('ada').expect(200)
  })

  it('POST /api/auth/login – 50 wrong passwords from one address → 429, except for an account that signed in from it', async () => {
    const here = '203.0.113.1'
    await login('bob', PASSWORD, here).expect(200)
    const fail50 = async () => {
      for (let n = 0; n < 5; n++)
        for (let i = 0; i < 10; i++) await login(`nobody-${n}`, 'wrong password', here).expect(401)
    }
    await fail50()
    await login('ada', PASSWORD, here).expect(429)
    await login('bob', PASSWORD, here).expect(200)
    await login('ada', PASSWORD, '192.0.2.2').expect(200)

    // the limit of one account and address also applies to a known address
    for (let n = 0; n < 10; n++) await login('bob', 'wrong password', here).expect(401)
    await login('bob', PASSWORD, here).expect(429)

    // after 30 days the address is no longer known
    await Attempt.deleteMany({})
    const day = app.context.clock.now().getTime() - 30 * DAY_MS - 1
    const knownAddresses = [{ address: here, at: new Date(day) }]
    await User.updateOne({ usernameKey: 'bob' }, { $set: { knownAddresses } })
    await fail50()
    await login('bob', PASSWORD, here).expect(429)
  })

  it('POST /api/auth/login – 25 addresses → the last 20 stored, none in a response', async () => {
    const { user } = await signUp(app, 'traveller')
    for (let n = 1; n <= 25; n++) await login('traveller', PASSWORD, `198.51.100.${n}`).expect(200)
    const res = await login('traveller', PASSWORD, '198.51.100.25').expect(200)
    expect(res.text).to.not.include('knownAddresses').and.not.include('198.51.100')
    const { knownAddresses } = await User.findById(user._id).select('+knownAddresses').orFail()
    const wanted = Array.from({ length: 20 }, (_, n) => `198.51.100.${n + 6}`)
    expect(knownAddresses.map(({ address }) => address)).to.deep.equal(wanted)
    expect((await User.findById(user._id).orFail()).get('knownAddresses')).to.equal(undefined)
  })

  it('PUT /api/auth/password – 10 wrong passwords → 429 for this user only; do not count for the address', async () => {
    const cat = await signUp(app, 'cat')
    const dan = await signUp(app, 'dan')
    const change = { current: 'wrong password', password: `${PASSWORD} 2` }
    for (let n = 0; n < 10; n++) await cat.put('/api/auth/password').send(change).expect(403)
    await cat.put('/api/auth/password').set('X-Forwarded-For', '192.0.2.9').send(change).expect(429)
    await cat.delete('/api/users/me').send({ password: PASSWORD }).expect(429)
    await dan.put('/api/auth/password').send(change).expect(403)
    await app.api.post('/api/auth/login').send({ login: 'cat', password: PASSWORD }).expect(200)
    expect(await Attempt.find({ key: /^address/, points: { $ne: 0 } }).lean()).to.deep.equal([])
  })

  it('POST /api/auth/login – IPv6 addresses of one /64 → one limit; another /64 → another limit', async () => {
    for (let n = 0; n < 10; n++) await login('ada', 'wrong password', `2001:db8:0:1::${n}`).expect(401)
    await login('ada', PASSWORD, '2001:db8:0:1:ffff:ffff:ffff:ffff').expect(429)
    await login('ada', PASSWORD, '2001:db8:0:2::1').expect(200)
  })

  it('POST /api/auth/register – IPv6 addresses of one /64 → one limit', async () => {
    for (let n = 0; n < 5; n++) await register({ username: 'ada' }, `2001:db8::${n}`).expect(409)
    await register({ username: 'elsewhere' }, '2001:db8::ffff').expect(429)
  })

  it('GET /api/links/:token – IPv4-mapped address → counts as the IPv4 address', async () => {
    const link = await createLink()
    for (let n = 0; n < 10; n++)
      await follow(link, 'wrong', n % 2 ? '::ffff:192.0.2.7' : '192.0.2.7').expect(401)
    await follow(link, 'open sesame', '192.0.2.7').expect(429)
    await follow(link, 'open sesame', '::ffff:192.0.2.7').expect(429)
  })

  it('POST /api/auth/login – hash of another BCRYPT_COST → 200, hash replaced, sessions stay valid', async () => {
    const eve = await signUp(app, 'eve')
    const old = await hashPassword(PASSWORD, 5)
    await User.updateOne({ _id: eve.user._id }, { passwordHash: old })
    await login('eve', 'wrong password').expect(401)
    expect((await User.findById(eve.user._id).select('passwordHash').orFail()).passwordHash).to.equal(old)
    const answers = await Promise.all(Array.from({ length: 6 }, () => login('eve')))
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 200, 200, 200, 200])
    const { passwordHash } = await User.findById(eve.user._id).select('passwordHash').orFail()
    expect(costOf(passwordHash)).to.equal(app.context.config.auth.bcryptCost)
    await eve.get('/api/users/me').expect(200)
    await login('eve').expect(200)
  })
})
