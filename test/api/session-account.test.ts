import { expect } from 'chai'
import { changeRights } from '../../app/accounts/change-rights.ts'
import { deleteAccount } from '../../app/accounts/delete-account.ts'
import { changePassword } from '../../app/auth/change-password.ts'
import { sweep } from '../../app/maintenance/sweep.ts'
import { Session } from '../../models/session.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { type Command, CommandInterceptor } from '../support/app/command-interceptor.ts'
import { monitorCommands, monitoredUri } from '../support/app/monitor-commands.ts'
import { PASSWORD, requestsOf, signIn, signUp, signUpAdmin, type TestUser } from '../support/app/users.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const NEW_PASSWORD = 'another horse battery'
const CLIENT = { address: '127.0.0.1', userAgent: undefined }

/** A session stores the account of its user. Every change of the account changes it too. */
describe('account in a session', function () {
  this.timeout(60_000)
  let app: TestApp
  let gate: CommandInterceptor
  let root: TestUser
  let ada: TestUser
  let count = 0

  before(async () => {
    // the looks of sockets at sessions and changes would be counted among the commands of a request
    app = await startApp({ uri: await monitoredUri(), limits: { sessionsMs: HOUR, changesMs: HOUR } })
    gate = new CommandInterceptor()
    root = await signUpAdmin(app, 'root')
  })
  after(() => {
    gate.close()
    return app.stop()
  })
  beforeEach(async () => {
    ada = await signUp(app, `ada-${count++}`)
  })

  const me = (user: Pick<TestUser, 'get'>) => user.get('/api/users/me')
  /** Answers 200 for admins only. */
  const asAdmin = (user: Pick<TestUser, 'get'>) => user.get(`/api/users/${root.user.id}`)
  const grant = (rights: object) => root.patch(`/api/users/${ada.user.id}`).send(rights)
  const stored = (user: TestUser) => User.findById(user.user._id).orFail().lean()
  const sessionsOf = (user: TestUser) => Session.find({ user: user.user._id }).lean()

  it('GET – signed in, optional and required → one look at the session, none at the user', async () => {
    const commands = await monitorCommands(() => ada.get('/api/auth/sessions').expect(200))
    expect(commands).to.deep.equal(['sessions.find', 'sessions.find'])
    const requests = [() => ada.get('/api/assets').expect(200), () => ada.post('/api/assets').expect(415)]
    for (const request of requests) {
      const sent = await monitorCommands(request)
      expect(sent.filter((one) => one.startsWith('sessions.'))).to.deep.equal(['sessions.find'])
    }
  })

  it('PATCH /api/users/:id {access} – other process → holds from its next request on', async () => {
    const other = requestsOf({ api: await app.secondInstance() }, ada.token)
    await asAdmin(other).expect(404)
    await grant({ access: 'admin' }).expect(200)
    await asAdmin(other).expect(200)
    await grant({ access: 'user' }).expect(200)
    await asAdmin(other).expect(404)
    expect(await stored(ada)).to.include({ sessionsPending: false, accountVersion: 2 })
  })

  it('GET /api/auth/session – first sign-in → user has a location, session has the account', async () => {
    const { location, username } = await stored(ada)
    expect(location).to.match(/^[0-9a-f-]{36}$/)
    for (const { account } of [...(await sessionsOf(ada)), ada.session])
      expect(account).to.deep.equal({ username, access: 'user', version: 0 })
  })

  it('GET – session of an earlier release → reads the user once; invalid one → 401', async () => {
    await Session.collection.updateOne({ _id: ada.session._id }, { $unset: { account: '' } })
    const first = await monitorCommands(() => ada.get('/api/auth/sessions').expect(200))
    expect(first.filter((one) => one.startsWith('users.'))).to.have.length(1)
    const second = await monitorCommands(() => ada.get('/api/auth/sessions').expect(200))
    expect(second.filter((one) => one.startsWith('users.'))).to.have.length(0)
    expect((await sessionsOf(ada))[0]?.account).to.include({ access: 'user' })

    await Session.collection.updateOne({ _id: ada.session._id }, { $unset: { account: '' } })
    await User.updateOne({ _id: ada.user._id }, { sessionEpoch: 1 })
    await me(ada).expect(401)
    expect(await sessionsOf(ada)).to.deep.equal([])
  })

  it('GET – account changed by an earlier release → holds at the latest after a minute', async () => {
    const carl = await signUp(app, `carl-${count}`)
    await User.updateOne({ _id: ada.user._id }, { access: 'admin' })
    await User.updateOne({ _id: carl.user._id }, { disabled: true, sessionEpoch: 1 })
    app.clock.advance(MINUTE)
    await asAdmin(ada).expect(200)
    await me(carl).expect(401)
    await me(carl).expect(401)
  })

  type Change = [what: string, change: () => Promise<unknown>]

  const disable = (disabled: boolean) => changeRights(app.context, root, ada.user, { disabled })
  const setAccess = async (access: 'user' | 'admin') =>
    changeRights(app.context, root, await User.findById(ada.user._id).orFail(), { access })
  const setPassword = (current: string, password: string) =>
    changePassword(app.context, { session: ada.session, current, password }, CLIENT)

  const CHANGES: Change[] = [
    ['is disabled', () => disable(true)],
    ['is disabled and enabled again', () => disable(true).then(() => disable(false))],
    ['becomes an admin', () => setAccess('admin')],
    ['becomes an admin and a user again', () => setAccess('admin').then(() => setAccess('user'))],
    ['gets another password', () => setPassword(PASSWORD, NEW_PASSWORD)],
    [
      'gets another password and the first one again',
      () => setPassword(PASSWORD, NEW_PASSWORD).then(() => setPassword(NEW_PASSWORD, PASSWORD)),
    ],
    ['is deleted', () => deleteAccount(app.context, ada, { password: PASSWORD, client: CLIENT })],
  ]

  /** Signs ada in with the old password. Returns null when the sign-in is refused. */
  const login = async (): Promise<TestUser | null> => {
    const { body, status } = await app.api
      .post('/api/auth/login')
      .send({ login: ada.user.username, password: PASSWORD })
    expect(status).to.be.oneOf([200, 401])
    if (status === 401) return null
    const { token } = body.res
    return { ...ada, token, ...requestsOf(app, token) }
  }

  /** Checks that every session of ada matches her account, and that a sign-in has the rights of the account. */
  const expectMatching = async (signedIn: TestUser | null, what: string) => {
    const user = await User.findById(ada.user._id).lean()
    const sessions = await sessionsOf(ada)
    if (!user || user.disabled) expect(sessions, what).to.deep.equal([])
    for (const { account, epoch } of sessions) {
      expect(account, what).to.include({ access: user?.access, version: user?.accountVersion })
      expect(epoch, what).to.equal(user?.sessionEpoch)
    }
    if (user) expect(user.sessionsPending, what).to.equal(false)
    if (!signedIn) return
    const { status } = await me(signedIn)
    if (status === 200)
      expect((await asAdmin(signedIn)).status, what).to.equal(user?.access === 'admin' ? 200 : 404)
    expect(status === 200, what).to.equal(
      sessions.some(({ _id }) => signedIn.token.length > 0 && isSessionOf(signedIn.token, _id.toString())),
    )
  }
  const isSessionOf = (token: string, id: string) =>
    Buffer.from(token.split('.')[1] ?? '', 'base64url')
      .toString()
      .includes(id)

  const nextAda = async () => {
    ada = await signUp(app, `ada-${count++}`)
  }

  for (const [what, change] of CHANGES) {
    it(`POST /api/auth/login – account ${what} before any command of the sign-in → no wrong session`, async () => {
      await login()
      const commands = await gate.record(login)
      for (const [n, command] of commands.entries()) {
        await nextAda()
        let signedIn: TestUser | null = null
        await gate.before(
          n,
          async () => void (await change()),
          async () => {
            signedIn = await login()
          },
        )
        await expectMatching(signedIn, `${what} before ${command}`)
      }
    })

    it(`POST /api/auth/login – before any command when the account ${what} → no wrong session`, async () => {
      const commands = await gate.record(change)
      for (const [n, command] of commands.entries()) {
        await nextAda()
        let signedIn: TestUser | null = null
        await gate.before(
          n,
          async () => {
            signedIn = await login()
          },
          change,
        )
        await expectMatching(signedIn, `signed in before ${command} of ${what}`)
      }
    })

    it(`POST /api/auth/login – while the account ${what} → no wrong session`, async () => {
      for (let round = 0; round < 4; round++) {
        await nextAda()
        const [first, second] = await Promise.all([login(), login(), change(), login()])
        await expectMatching(first, what)
        await expectMatching(second, what)
      }
    })
  }

  it('PATCH /api/users/:id {access} – changes at the same time → sessions match the last one', async () => {
    for (let round = 0; round < 6; round++) {
      const results = await Promise.all(
        (['admin', 'user', 'admin', 'user'] as const).map((access) => grant({ access })),
      )
      for (const { status } of results) expect(status).to.equal(200)
      const { access, accountVersion, sessionsPending } = await stored(ada)
      expect(sessionsPending).to.equal(false)
      for (const { account } of await sessionsOf(ada))
        expect(account).to.include({ access, version: accountVersion })
    }
  })

  const CRASHES: [what: string, change: () => Promise<unknown>, status: number][] = [
    ['is disabled', () => disable(true), 401],
    ['becomes an admin', () => setAccess('admin'), 200],
    ['gets another password', () => setPassword(PASSWORD, NEW_PASSWORD), 401],
    ['is deleted', () => deleteAccount(app.context, ada, { password: PASSWORD, client: CLIENT }), 401],
  ]
  for (const [what, change, status] of CRASHES)
    it(`sweep – process ended when an account ${what}, before its sessions were changed → finishes`, async () => {
      const commands = await gate.record(change)
      const first = firstOfSessions(commands)
      await nextAda()
      const phone = await signIn(app, ada.user)
      const crash = await gate
        .before(
          first,
          async () => {
            throw new Error('the process ended')
          },
          change,
        )
        .catch((error: Error) => error.message)
      expect(crash).to.equal('the process ended')
      await sweep(app.context)
      expect((await asAdmin(phone)).status).to.equal(status)
      await expectMatching(phone, what)
    })

  /** Returns the number of the first command after the user was changed that changes sessions. */
  const firstOfSessions = (commands: Command[]) => {
    const user = commands.findIndex((one) => /^users\.(findOneAndUpdate|updateOne)$/.test(one))
    return commands.findIndex((one, n) => n > user && /^sessions\.(update|delete)/.test(one))
  }

  it('PUT /api/auth/password – own session → stays, and signs valid URLs', async () => {
    const { id } = await uploadAsset(ada)
    await ada.put('/api/auth/password').send({ current: PASSWORD, password: NEW_PASSWORD }).expect(204)
    const [session, ...others] = await sessionsOf(ada)
    expect(others).to.deep.equal([])
    expect(session?.epoch).to.equal(1)
    const { body } = await ada.get(`/api/assets/${id}/url`).expect(200)
    await app.api.get(body.res.url).expect(200)
  })
})
