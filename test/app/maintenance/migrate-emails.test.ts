import { expect } from 'chai'
import { emails as migration } from '../../../app/maintenance/migrations/0007-emails.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { PASSWORD, signUp } from '../../support/app/users.ts'

describe('migration 0007-emails', function () {
  this.timeout(60_000)
  let app: TestApp
  let lines: string[]
  beforeEach(async () => {
    app = await startApp()
    lines = []
  })
  afterEach(() => app.stop())

  const migrate = () => migration.up({ report: (line) => lines.push(line), checkpoint: () => undefined })
  const reported = () => lines.filter((line) => line.includes('same email'))

  /** Registers users with addresses as an earlier release stored them. */
  async function plant(addresses: string[]) {
    const users = []
    for (const [n, email] of addresses.entries()) {
      const { user } = await signUp(app, `user-${n}`)
      await User.collection.updateOne({ _id: user._id }, { $set: { email } })
      users.push(user)
    }
    return users
  }

  const stored = async () => (await User.find().sort({ username: 1 }).lean()).map(({ email }) => email)

  async function expectSignIn(login: string, id: string): Promise<void> {
    const { body } = await app.api.post('/api/auth/login').send({ login, password: PASSWORD }).expect(200)
    expect(body.res.user.id, login).to.equal(id)
  }

  it('up – decomposed address, domain in Unicode → new form, both sign in; repeated → no change', async () => {
    const former = ['cafe\u0301@example.org', 'ada@b\u00fccher.example', 'eve@example.org']
    const users = await plant(former)
    for (let runs = 0; runs < 2; runs += 1) {
      await migrate()
      expect(await stored()).to.deep.equal([
        ...['caf\u00e9@example.org', 'ada@xn--bcher-kva.example', 'eve@example.org'],
      ])
    }
    expect(reported()).to.deep.equal([])
    for (const [n, { id }] of users.entries()) await expectSignIn(former[n] ?? '', id)
    await expectSignIn('ada@xn--bcher-kva.example', users[1]?.id ?? '')
  })

  it('up – emails that become equal → both stay, are listed with ids, and can sign in', async () => {
    const emails = [
      'jose\u0301\u0323@example.org',
      'jos\u1eb9\u0301@example.org',
      'jos\u00e9\u0323@example.org',
    ]
    const [bob, cat, dan] = (await plant(emails)).map(({ id }) => id)
    await migrate()
    // the address of cat has the new form already
    expect(await stored()).to.deep.equal(emails)
    expect(reported()).to.have.length(2)
    for (const [n, id] of [bob, dan].entries()) expect(reported()[n]).to.include(id).and.include(cat)
    for (const [n, id] of [bob, cat, dan].entries()) await expectSignIn(emails[n] ?? '', id ?? '')
  })
})
