import { expect } from 'chai'
import { ensureAdmin } from '../../../app/accounts/ensure-admin.ts'
import { ConfigError, loadConfig } from '../../../config/env.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { PASSWORD, signUp } from '../../support/app/users.ts'

describe('ensureAdmin', () => {
  let app: TestApp
  before(async () => {
    app = await startApp()
  })
  after(() => app.stop())
  afterEach(() => User.deleteMany({}))

  const ensure = (admin: Record<string, string>) => {
    const config = loadConfig({ BCRYPT_COST: '4', ...admin })
    return ensureAdmin({ ...app.context, config })
  }
  const ROOT = { ADMIN_USERNAME: 'Root', ADMIN_PASSWORD: PASSWORD }
  const errorOf = (attempt: Promise<void>) =>
    attempt.then(
      () => null,
      (error: unknown) => error,
    )

  it('ensureAdmin – no such account → created', async () => {
    await ensure(ROOT)
    expect(await User.findByName('root')).to.include({ username: 'Root', access: 'admin' })
    const { body } = await app.api
      .post('/api/auth/login')
      .send({ login: 'root', password: PASSWORD })
      .expect(200)
    expect(body.res.user.access).to.equal('admin')
  })

  it('ensureAdmin – account exists → unchanged, including the password', async () => {
    await ensure(ROOT)
    const before = await User.find().select('+passwordHash').lean()
    await ensure({ ...ROOT, ADMIN_PASSWORD: 'another password' })
    expect(await User.find().select('+passwordHash').lean()).to.deep.equal(before)
  })

  it('ensureAdmin – several processes start at the same time → one account', async () => {
    await Promise.all([ensure(ROOT), ensure(ROOT), ensure(ROOT)])
    expect(await User.countDocuments()).to.equal(1)
  })

  it('ensureAdmin – not configured → no account', async () => {
    await ensure({})
    expect(await User.countDocuments()).to.equal(0)
  })

  it('ensureAdmin – ordinary account with that name → ConfigError', async () => {
    await signUp(app, 'root')
    const error = await errorOf(ensure(ROOT))
    expect(error).to.be.instanceOf(ConfigError)
    expect(String(error)).to.include('ADMIN_USERNAME names the ordinary account "root"')
    expect(await User.findByName('root')).to.include({ access: 'user' })
  })

  it('ensureAdmin – weak password → ConfigError', async () => {
    for (const password of ['short', 'password123', 'x'.repeat(73)]) {
      const error = await errorOf(ensure({ ...ROOT, ADMIN_PASSWORD: password }))
      expect(error).to.be.instanceOf(ConfigError)
      expect(String(error)).to.include('ADMIN_PASSWORD').and.not.include(password)
    }
    expect(await User.countDocuments()).to.equal(0)
  })

  it('ensureAdmin – invalid name → ConfigError', async () => {
    for (const name of ['ab', 'root@example.org', 'r'.repeat(33)]) {
      const error = await errorOf(ensure({ ...ROOT, ADMIN_USERNAME: name }))
      expect(String(error)).to.include('ADMIN_USERNAME must have 3 to 32')
    }
    expect(await User.countDocuments()).to.equal(0)
  })

  it('ensureAdmin – earlier account under deletion → deleted, then created again', async () => {
    await ensure(ROOT)
    const earlier = await User.findByName('root')
    await User.updateMany({}, { deleting: true })
    await ensure(ROOT)
    const created = await User.findByName('root')
    expect(created).to.include({ access: 'admin', deleting: false })
    expect(created?.id).to.not.equal(earlier?.id)
  })
})
