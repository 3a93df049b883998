import { expect } from 'chai'
import { Attempt } from '../../models/attempt.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { PASSWORD, signUp } from '../support/app/users.ts'

describe('limits of sign-in', () => {
  let app: TestApp
  before(async () => {
    app = await startApp({ env: { TRUST_PROXY: '1' } })
    await signUp(app, 'ada', { email: 'ada@example.org' })
    await signUp(app, 'bob')
  })
  after(() => app.stop())
  beforeEach(() => Attempt.deleteMany({}))

  const login = (name: string, password: string, address = '192.0.2.1', api = app.api) =>
    api.post('/api/auth/login').set('X-Forwarded-For', address).send({ login: name, password })
  const fail = async (name: string, times: number, address?: string) => {
    for (let i = 0; i < times; i++) await login(name, 'wrong password', address).expect(401)
  }

  it('POST /api/auth/login – 11th failure of one account from one address → 429 on every process', async () => {
    await fail('ada', 9)
    await login('ada', PASSWORD).expect(200)
    await fail('ADA@example.org', 1)

    const another = await app.secondInstance()
    for (const [name, api] of [
      ['ada', app.api],
      ['Ada', another],
      ['ada@example.org', another],
    ] as const) {
      const res = await login(name, PASSWORD, undefined, api)
      expect(res.status).to.equal(429)
      expect(res.body.err.code).to.equal('too_many_requests')
      expect(Number(res.headers['retry-after'])).to.be.within(1, 900)
    }
    await login('ada', PASSWORD, '192.0.2.2').expect(200)
  })

  it('POST /api/auth/login – unknown name → counted by name, not case-sensitive', async () => {
    await fail('nobody', 5)
    await fail('Nobody', 5)
    await login('NOBODY', 'wrong password').expect(429)
    await login('somebody', 'wrong password').expect(401)
  })

  it('POST /api/auth/login – 51st failure from one address → 429; successful and refused sign-ins do not count', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      await fail(`user-${name}`, 10, '192.0.2.9')
      if (name === 'c') {
        await login('user-c', 'wrong password', '192.0.2.9').expect(429)
        await login('ada', PASSWORD, '192.0.2.9').expect(200)
      }
    }
    const res = await login('bob', PASSWORD, '192.0.2.9')
    expect(res.status).to.equal(429)
    await login('bob', PASSWORD, '192.0.2.10').expect(200)
  })

  it('POST /api/auth/login – 15 concurrent right passwords → none refused', async () => {
    const all = await Promise.all(Array.from({ length: 15 }, () => login('ada', PASSWORD)))
    expect(new Set(all.map(({ status }) => status))).to.deep.equal(new Set([200]))
    expect(await Attempt.find({ points: { $ne: 0 } })).to.deep.equal([])
  })

  it('POST /api/auth/login – 15 concurrent wrong passwords → ten checked', async () => {
    const all = await Promise.all(Array.from({ length: 15 }, () => login('ada', 'wrong password')))
    expect(all.filter(({ status }) => status === 401)).to.have.length(10)
    expect(all.filter(({ status }) => status === 429)).to.have.length(5)
  })

  it('POST /api/auth/login – 15 minutes after ten failures → 200', async () => {
    await fail('ada', 10)
    const expiry = (await Attempt.find().lean()).map(({ expire }) => expire.getTime() - Date.now())
    for (const left of expiry) expect(left).to.be.within(890_000, 900_000)
    await Attempt.updateMany({}, { expire: new Date(Date.now() - 1) })
    await login('ada', PASSWORD).expect(200)
  })

  it('PUT /api/auth/password – ten wrong passwords, then the right one → 429', async () => {
    const cat = await signUp(app, 'cat')
    const change = { current: 'wrong password', password: 'quite another password' }
    for (let i = 0; i < 10; i++) await cat.put('/api/auth/password').send(change).expect(403)
    await cat
      .put('/api/auth/password')
      .send({ ...change, current: PASSWORD })
      .expect(429)
  })
})

describe('limit of registrations', () => {
  let app: TestApp
  before(async () => {
    app = await startApp({ env: { REGISTRATIONS_PER_HOUR: '3', TRUST_PROXY: '1' } })
  })
  after(() => app.stop())

  const register = (username: string, address = '192.0.2.1') =>
    app.api.post('/api/auth/register').set('X-Forwarded-For', address).send({ username })

  it('POST /api/auth/register – created accounts and taken names count for the address → 4th 429; invalid requests do not count', async () => {
    await register('ada').expect(201)
    await register('ada').expect(409)
    await register('x').expect(400)
    await register('bob').expect(201)
    const res = await register('dan')
    expect(res.status).to.equal(429)
    expect(Number(res.headers['retry-after'])).to.be.within(1, 3600)
    expect(await User.countDocuments()).to.equal(2)
    await register('dan', '192.0.2.2').expect(201)
  })
})
