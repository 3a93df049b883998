import { hash } from 'bcrypt'
import { expect } from 'chai'
import { foldPassword } from '../../app/auth/passwords.ts'
import { Link } from '../../models/link.ts'
import { verifyPassword } from '../../models/password.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { closeSockets, SocketClient } from '../support/app/socket.ts'
import { signUp, type TestUser } from '../support/app/users.ts'

const RAW = 'schlu\u0308ssel fu\u0308r'
const NFC = RAW.normalize('NFC')
/** 72 bytes, but 144 in NFC. */
const GROWING = '\u0958'.repeat(24)
const LONG_RAW = `${RAW} ${'x'.repeat(80)}`

describe('passwords in another form of Unicode', () => {
  let app: TestApp
  let ada: TestUser
  before(async () => {
    app = await startApp({ env: { REGISTRATIONS_PER_HOUR: '0' } })
    ada = await signUp(app, 'ada', { email: 'ada@example.org', countryCode: '49', mobile: '1511234567' })
  })
  after(async () => {
    await closeSockets()
    await app.stop()
  })

  const hashOf = async (username: string) =>
    (await User.findOne({ usernameKey: username }).select('+passwordHash').orFail()).passwordHash
  /** Sets the hash of a password as earlier releases did, without NFC. */
  const setRaw = async (password: string) =>
    User.updateOne({ _id: ada.user._id }, { passwordHash: await hash(password, 4) })
  const login = (password: string, name = 'ada') =>
    app.api.post('/api/auth/login').send({ login: name, password })

  it('POST /api/auth/register – decomposed password → hash of NFC; both forms sign in', async () => {
    await app.api.post('/api/auth/register').send({ username: 'bob', password: RAW }).expect(201)
    expect(await verifyPassword([NFC], await hashOf('bob'))).to.equal(NFC)
    await login(RAW, 'bob').expect(200)
    await login(NFC, 'bob').expect(200)
  })

  it('POST /api/auth/login – old hash of the raw form → 200 in that form, renewed to NFC once', async () => {
    await setRaw(RAW)
    const old = await hashOf('ada')
    await login(NFC).expect(401)
    await login(`${RAW}x`).expect(401)
    expect(await hashOf('ada')).to.equal(old)
    const answers = await Promise.all(Array.from({ length: 4 }, () => login(RAW)))
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 200, 200])
    const renewed = await hashOf('ada')
    expect(await verifyPassword([NFC], renewed)).to.equal(NFC)
    await login(NFC).expect(200)
    await login(RAW).expect(200)
    expect(await hashOf('ada')).to.equal(renewed)
  })

  it('POST /api/auth/login – password that is over the limit in NFC → raw hash stays and works', async () => {
    await setRaw(GROWING)
    const old = await hashOf('ada')
    await login(GROWING).expect(200)
    await login(GROWING).expect(200)
    await login(GROWING.normalize('NFC')).expect(401)
    expect(await hashOf('ada')).to.equal(old)
    await app.api.post('/api/auth/register').send({ username: 'cat', password: GROWING }).expect(400)
  })

  const elsewhere: [route: string, send: (password: string) => Promise<{ status: number }>][] = [
    [
      'POST /api/login',
      async (password) => app.api.post('/api/login').send({ email: 'ada@example.org', password }),
    ],
    [
      'POST /sign-in',
      async (password) =>
        app.api.post('/sign-in').send({ credentials: { email: 'ada@example.org', password } }),
    ],
    [
      'POST /login',
      async (password) => app.api.post('/login').send({ mobile: '1511234567', countryCode: '49', password }),
    ],
  ]
  for (const [route, send] of elsewhere)
    it(`${route} – old hash of a raw or long password → signs in, renewed`, async () => {
      for (const raw of [RAW, LONG_RAW]) {
        await setRaw(foldPassword(raw))
        expect((await send(raw)).status).to.be.oneOf([200, 201])
        const wanted = foldPassword(raw.normalize('NFC'))
        expect(await verifyPassword([wanted], await hashOf('ada'))).to.equal(wanted)
        expect((await send(raw.normalize('NFC'))).status).to.be.oneOf([200, 201])
        expect((await send(`${raw}!`)).status).to.be.oneOf([401, 422])
      }
    })

  it('/ws login – old hash of the raw form → signs in', async () => {
    await setRaw(RAW)
    const socket = await SocketClient.open(app.origin)
    await socket.expect('login', { login: ' ada ', password: RAW })
    expect(await verifyPassword([NFC], await hashOf('ada'))).to.equal(NFC)
  })

  it('PUT /api/auth/password – old hash of the raw form → changed; the new one is stored in NFC', async () => {
    await setRaw(RAW)
    await ada
      .put('/api/auth/password')
      .send({ current: `${RAW}x`, password: RAW })
      .expect(403)
    const password = `2 ${RAW}`
    await ada.put('/api/auth/password').send({ current: RAW, password }).expect(204)
    await login(password.normalize('NFC')).expect(200)
    await ada.delete('/api/users/me').send({ password: NFC }).expect(403)
  })

  it('GET /api/links/:token – old hash of the raw form → 200 in that form, renewed to NFC', async () => {
    const { id } = await uploadAsset(ada)
    const { body } = await ada.post(`/api/assets/${id}/links`).send({ password: RAW }).expect(201)
    const { url } = body.res.link
    const _id = body.res.link.id
    const stored = async () => (await Link.findById(_id).orFail().lean()).passwordHash ?? ''
    const follow = (password: string) => app.api.get(url).set('X-Link-Password', encodeURIComponent(password))
    expect(await verifyPassword([NFC], await stored())).to.equal(NFC)
    const old = await hash(RAW, 4)
    await Link.updateOne({ _id }, { passwordHash: old })
    await follow(NFC).expect(401)
    expect(await stored()).to.equal(old)
    await follow(RAW).expect(200)
    expect(await verifyPassword([NFC], await stored())).to.equal(NFC)
    await follow(NFC).expect(200)
    await follow(RAW).expect(200)
  })
})
