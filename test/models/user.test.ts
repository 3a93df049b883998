import { expect } from 'chai'
import { hashPassword, verifyAccount, verifyPassword } from '../../models/password.ts'
import { User } from '../../models/user.ts'
import { findForSignIn, recordSignIn } from '../../models/user-credentials.ts'
import { startApp, type TestApp } from '../support/app/app.ts'

const OPTIONS = { cost: 4, limit: 1000 }

describe('User', () => {
  let app: TestApp
  before(async () => {
    app = await startApp()
    await User.register(
      { username: 'Ada', email: 'Ada@Example.org', countryCode: '49', mobile: '1511234567' },
      'a password',
      OPTIONS,
    )
  })
  after(() => app.stop())

  for (const login of ['ada', 'ADA', 'ada@example.ORG', '+49-1511234567'])
    it(`findForSignIn – ${login} → the user with the password hash`, async () => {
      const user = await findForSignIn(login)
      expect(user?.username).to.equal('Ada')
      expect(await verifyPassword(['a password'], String(user?.passwordHash))).to.equal('a password')
    })

  for (const login of ['', 'ad', 'ada@', '+49', '+491511234567', '49-1511234567', '+', '@', '$ne'])
    it(`findForSignIn – "${login}" → null`, async () => {
      expect(await findForSignIn(login)).to.equal(null)
    })

  it('find – hash not selected → no hash', async () => {
    expect((await User.findOne().orFail()).passwordHash).to.equal(undefined)
    expect(await User.findOne().select('-_id').lean()).to.not.have.property('passwordHash')
  })

  it('register – several users without email and mobile → all stored', async () => {
    await User.register({ username: 'bob' }, 'a password', OPTIONS)
    await User.register({ username: 'cat' }, 'a password', OPTIONS)
    await User.register({ username: 'dan', countryCode: '49' }, 'a password', OPTIONS)
    await User.register({ username: 'eve', countryCode: '49' }, 'a password', OPTIONS)
    expect(await User.countDocuments({ email: null, mobileKey: null })).to.equal(4)
  })

  it('locate – concurrent calls → one location', async () => {
    const { _id } = await User.findOne({ usernameKey: 'bob' }).orFail()
    const locations = await Promise.all([User.locate(_id), User.locate(_id), User.locate(_id)])
    expect(new Set(locations).size).to.equal(1)
    expect(await User.locate(_id)).to.equal(locations[0])
    expect(locations[0]).to.match(/^[0-9a-f-]{36}$/)
  })

  it('recordSignIn – verified hash and usable account → user; otherwise null', async () => {
    const user = await findForSignIn('cat')
    if (!user) throw new Error('there is no cat')
    const now = new Date()
    expect((await recordSignIn(user, now, '192.0.2.1'))?.lastAccessAt).to.deep.equal(now)
    expect(await recordSignIn({ _id: user._id, passwordHash: 'another' }, now, '192.0.2.1')).to.equal(null)
    for (const state of [{ disabled: true }, { deleting: true }]) {
      await User.updateOne({ _id: user._id }, state)
      expect(await recordSignIn(user, now, '192.0.2.1')).to.equal(null)
      expect(await User.findActive(user._id)).to.equal(null)
      await User.updateOne({ _id: user._id }, { disabled: false, deleting: false })
    }
  })
})

describe('password hashes', () => {
  it('verifyPassword – bytes beyond the 72nd differ → null', async () => {
    const long = 'x'.repeat(72)
    const hash = await hashPassword(long, 4)
    expect(await verifyPassword([long], hash)).to.equal(long)
    expect(await verifyPassword([`${long}y`], hash)).to.equal(null)
    const refused = await hashPassword(`${long}y`, 4).catch((error: unknown) => error)
    expect(refused).to.be.instanceOf(RangeError)
  })

  it('verifyAccount – no such user → null', async () => {
    expect(await verifyAccount(['any password'], null, 4)).to.equal(null)
  })
})
