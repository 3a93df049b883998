import { expect } from 'chai'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { uploadAsset } from '../../support/app/assets.ts'
import { refused } from '../../support/app/bare-error.ts'
import { PASSWORD, requestsOf, signUp, type TestUser } from '../../support/app/users.ts'
import { obj } from '../../support/data/samples.ts'

const NO_ID = '64b000000000000000000000'

describe('accounts and errors of the Kumo routes', () => {
  let app: TestApp
  let ada: TestUser
  let bob: TestUser

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada', { email: 'ada@example.org' })
    bob = await signUp(app, 'bob')
  })
  after(() => app.stop())

  const send = (path: string, body: object) => app.api.post(path).send(body)

  it('POST /sign-up and /sign-in – wrong or taken input → 422, no account', async () => {
    const count = await User.countDocuments()
    const good = { email: 'new@example.org', password: PASSWORD, password_confirmation: PASSWORD }
    for (const [body, message] of [
      [{ ...good, password_confirmation: 'other' }, /password_confirmation must be the password again/],
      [{ ...good, password_confirmation: undefined }, /password_confirmation/],
      [{ ...good, password_confirmation: '' }, /password_confirmation/],
      [{ ...good, email: 'none' }, /credentials has invalid fields: email must be an email address/],
      [{ ...good, email: { $gt: '' } }, /email must be text/],
      [{ ...good, password: 'short', password_confirmation: 'short' }, /password must have/],
      [{ ...good, password: '', password_confirmation: '' }, /password must not be empty/],
      ['text', /credentials must be an object/],
      [[good], /credentials must be an object/],
      [null, /credentials must be an object/],
      [undefined, /credentials must be an object/],
    ] as const)
      refused(await send('/sign-up', { credentials: body }), 422, 'validation_failed', message)
    refused(await send('/sign-up', [{ credentials: good }]), 422, 'validation_failed')
    refused(await app.api.post('/sign-up'), 422, 'validation_failed')
    const taken = { ...good, email: 'ADA@example.org' }
    refused(await send('/sign-up', { credentials: taken }), 422, 'taken', /email is taken/)
    refused(await app.api.post('/sign-up').type('json').send('{'), 422, 'malformed_json')
    expect(await User.countDocuments()).to.equal(count)

    for (const credentials of [
      { email: 'ada@example.org', password: 'wrong password' },
      { email: 'nobody@example.org', password: PASSWORD },
    ]) {
      const answer = await send('/sign-in', { credentials })
      refused(answer, 422, 'bad_credentials')
      expect(answer.headers).not.to.have.property('www-authenticate')
    }
    refused(await send('/sign-in', { credentials: { email: 'ada@example.org' } }), 422, 'validation_failed')
  })

  it('POST /sign-up and /sign-in – fields of the client and digests → ignored and accepted', async () => {
    const password = 'd'.repeat(128)
    const credentials = { email: 'digest@example.org', password, password_confirmation: password, _id: NO_ID }
    await send('/sign-up', { credentials, access: 'admin' }).expect(201)
    const { body } = await send('/sign-in', { credentials: { ...credentials, username: 'x' } }).expect(201)
    expect(await User.findById(body.user._id).lean()).to.include({ access: 'user' })
    expect(body.user._id).not.to.equal(NO_ID)
  })

  it('PATCH /change-password – wrong, weak or missing password → 422, the password stays', async () => {
    for (const [passwords, name] of [
      [{ old: 'wrong password', new: 'another horse battery' }, 'bad_credentials'],
      [{ old: PASSWORD, new: 'short' }, 'validation_failed'],
      [{ old: PASSWORD }, 'validation_failed'],
      [{ old: PASSWORD, new: '' }, 'validation_failed'],
    ] as const)
      refused(await ada.patch('/change-password').send({ passwords }), 422, name)
    const credentials = { email: 'ada@example.org', password: PASSWORD }
    await send('/sign-in', { credentials }).expect(201)
  })

  it('every route – no token, a bad token, unknown ids and methods → bare errors', async () => {
    const { id: _id } = await uploadAsset(ada)
    for (const method of ['get', 'patch', 'delete'] as const)
      for (const id of [NO_ID, 'x', '%00', '%E0%A4%A', _id]) {
        const path = `/collections/${id}`
        refused(await bob[method](path), 404, 'not_found')
        const anonymous = await app.api[method](path)
        if (id !== '%E0%A4%A') refused(anonymous, 401, 'unauthenticated')
      }
    const bad = requestsOf(app, 'bad')
    for (const answer of [
      await bad.get('/uploads'),
      await bad.post('/uploads').attach('file', obj(), 'a.obj'),
      await bad.delete('/sign-out'),
      await app.api.patch('/change-password').send({}),
    ])
      refused(answer, 401, 'unauthenticated')
    const wrong = await ada.put('/collections')
    refused(wrong, 405, 'method_not_allowed')
    expect(wrong.headers.allow).to.equal('GET, HEAD, POST')
    refused(await app.api.get('/sign-up/'), 405, 'method_not_allowed')
    await ada.get('/collections?_=1480000000000').expect(200)
    await ada.get('/collections?limit=1&_=1&_=2').expect(200)
    refused(
      await ada.delete(`/collections/${_id}?force=x&y=1`),
      422,
      'validation_failed',
      /force must be 0 or 1/,
    )
    const unknown = await ada.get('/collections/x/y').expect(404)
    expect(unknown.body).to.have.property('status', 'error')
    app.context.prepared = false
    refused(await send('/Sign-In', {}), 503, 'unavailable')
    app.context.prepared = true
  })
})
