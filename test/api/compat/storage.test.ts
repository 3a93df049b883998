import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { Asset } from '../../../models/asset.ts'
import { Project } from '../../../models/project.ts'
import { Session } from '../../../models/session.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { stateOf, storedBytes } from '../../support/app/state.ts'
import { requestsOf } from '../../support/app/users.ts'
import { obj } from '../../support/data/samples.ts'

const PASSWORD = 'correct horse battery'

/** The requests of the clients of the storage service, in order, with the fields of the answers that they use. */
describe('compatibility routes for storage', () => {
  let app: TestApp
  let token: string
  const post = (path: string, body: object) => app.api.post(path).send(body)
  const login = async (email: string, password: string) =>
    (await post('/api/login/', { email, password }).expect(200)).body.res.token as string

  before(async () => {
    app = await startApp({ env: { USER_SPACE_BYTES: '100000' } })
    await post('/api/create/', { email: 'meck@example.org', name: 'Meck', password: PASSWORD }).expect(201)
    token = await login('meck@example.org', PASSWORD)
  })
  after(() => app.stop())

  for (const slash of ['', '/'])
    for (const form of [true, false])
      it(`storage routes – ${form ? 'forms' : 'JSON'}, paths ${slash ? 'with' : 'without'} a trailing slash → the recorded answers`, async () => {
        const email = `${form ? 'form' : 'json'}${slash ? '.slash' : ''}@example.org`
        const send = (path: string, body: object) =>
          app.api
            .post(`${path}${slash}`)
            .type(form ? 'form' : 'json')
            .send(body)

        const created = await send('/api/create', { email, name: 'Meck', password: PASSWORD }).expect(201)
        expect(created.body).to.have.all.keys('status', 'res')
        expect(created.body.res).to.have.all.keys('id')
        const user = await User.findById(created.body.res.id).orFail().lean()
        expect(user).to.include({ email, name: 'Meck', username: email.split('@')[0], access: 'user' })
        expect(await Session.countDocuments({ user: user._id })).to.equal(0)

        for (const path of ['/api/login', '/api/auth']) {
          const { body } = await send(path, { email, password: PASSWORD })
            .expect(200)
            .expect('Cache-Control', 'no-store')
          expect(body.res).to.have.all.keys('token')
        }
        const given = await login(email, PASSWORD)
        const verified = await app.api
          .post(`/api/auth${slash}`)
          .set('Authorization', `Bearer ${given}`)
          .expect(200)
        expect(verified.body.res).to.have.all.keys('user', 'token')
        const me = await requestsOf(app, verified.body.res.token).get('/api/users/me').expect(200)
        expect(verified.body.res.user).to.have.all.keys(Object.keys(me.body.res.user))
        expect(verified.body.res.user).to.include({ id: created.body.res.id, email })
        await requestsOf(app, verified.body.res.token).get('/api/auth/session').expect(200)

        const uploaded = await requestsOf(app, given)
          .post(`/api/upload${slash}`)
          .attach('file', obj(), 'chair.obj')
          .expect(201)
        expect(uploaded.body.res).to.have.all.keys('id')
        const { id } = uploaded.body.res
        expect(await Asset.findById(id).lean()).to.include({ name: 'chair.obj', visibility: 'private' })
        const removed = await send('/api/remove', { id, token: given }).expect(200)
        expect(removed.body.res).to.deep.equal({ id })
        expect(await Asset.findById(id)).to.equal(null)
      })

  it('storage routes – token in body or query → accepted here only', async () => {
    for (const send of [
      () => app.api.post(`/api/auth/?token=${token}`),
      () => post('/api/auth/', { token }),
      () => post('/api/auth/', { token, email: 'whoever', password: 'x' }),
    ])
      expect((await send().expect(200)).body.res).to.have.all.keys('user', 'token')
    await app.api.post(`/api/upload/?token=${token}`).attach('file', obj(), 'a.obj').expect(201)
    await app.api.post('/api/upload/').field('token', token).attach('file', obj(), 'b.obj').expect(201)
    await app.api.get(`/api/auth/session?token=${token}`).expect(401)
    await app.api.get(`/images?token=${token}`).expect(401)
    await app.api.post('/images').field('token', token).attach('image', obj(), 'b.obj').expect(401)
  })

  it('storage sign-in – expired or missing token beside the password → signed in; without it → 401', async () => {
    const headers = {
      'Bearer a.b.c': 401,
      'Bearer undefined': 401,
      'Token token=null': 401,
      'Basic YTpi': 400,
      '': 400,
    }
    for (const [header, alone] of Object.entries(headers))
      for (const path of ['/api/login/', '/api/auth/']) {
        const send = (body: object) => app.api.post(path).set('Authorization', header).send(body)
        const { body } = await send({ email: 'meck@example.org', password: PASSWORD }).expect(200)
        expect(body.res).to.have.all.keys('token')
        await send({}).expect(alone)
      }
    const wrong = { email: 'meck@example.org', password: 'wrong password' }
    await app.api.post('/api/login/').set('Authorization', 'Bearer a.b.c').send(wrong).expect(401)
    const asField = { token: 'a.b.c', email: 'meck@example.org', password: PASSWORD }
    expect((await post('/api/login/', asField).expect(200)).body.res).to.have.all.keys('token')
  })

  it('storage sign-in – digest of any length as password → accepted', async () => {
    const digests = {
      hex512: createHash('sha512').update(PASSWORD).digest('hex'),
      base64: createHash('sha512').update(PASSWORD).digest('base64'),
      hex256: createHash('sha256').update(PASSWORD).digest('hex'),
    }
    for (const [name, digest] of Object.entries(digests)) {
      const email = `${name}@example.org`
      await post('/api/create/', { email, name, password: digest }).expect(201)
      await login(email, digest)
      const other = `${digest.slice(0, -1)}${digest.endsWith('x') ? 'y' : 'x'}`
      await post('/api/login/', { email, password: other }).expect(401)
      const { passwordHash } = await User.findOne({ email }).select('+passwordHash').orFail()
      expect(passwordHash)
        .to.match(/^\$2b\$/)
        .and.not.contain(digest)
    }
  })

  it('storage registration – equal names → a different username for each account', async () => {
    const ids = await Promise.all(
      ['a', 'b', 'c'].map((host) =>
        post('/api/create/', { email: `Same.Name@${host}.org`, name: 'Same', password: PASSWORD }).expect(
          201,
        ),
      ),
    )
    const users = await User.find({ _id: { $in: ids.map(({ body }) => body.res.id) } }).lean()
    const names = users.map(({ username }) => username)
    expect(new Set(names).size).to.equal(3)
    for (const name of names) expect(name).to.match(/^Same\.Name(-[0-9a-f]{8})?$/)
    const short = await post('/api/create/', { email: 'j@x.org', name: 'J', password: PASSWORD }).expect(201)
    expect((await User.findById(short.body.res.id).orFail()).username).to.match(/^user-[0-9a-f]{8}$/)
  })

  it('storage routes – invalid input → same errors as the API, nothing is left', async () => {
    const before = await stateOf(app)
    const taken = await post('/api/create/', {
      email: 'MECK@example.org',
      name: 'x',
      password: PASSWORD,
    }).expect(409)
    expect(taken.body.err).to.deep.include({
      code: 'taken',
      details: [{ field: 'email', message: 'is taken' }],
    })
    for (const [path, body, status, code] of [
      ['/api/create/', { email: 'no', name: 'x', password: PASSWORD }, 400, 'validation_failed'],
      ['/api/create/', { email: 'x@example.org', name: 'x', password: 'password' }, 400, 'validation_failed'],
      [
        '/api/create/',
        { email: 'x@example.org', name: 'x', password: PASSWORD, access: 'admin' },
        400,
        'validation_failed',
      ],
      ['/api/login/', { email: 'meck@example.org', password: 'wrong' }, 401, 'bad_credentials'],
      ['/api/login/', { email: 'nobody@example.org', password: 'wrong' }, 401, 'bad_credentials'],
      ['/api/login/', { email: 'meck@example.org' }, 400, 'validation_failed'],
      ['/api/auth/', { token: 'x' }, 401, 'unauthenticated'],
      ['/api/auth/', {}, 400, 'validation_failed'],
      ['/api/remove/', { id: 'x' }, 401, 'unauthenticated'],
      ['/api/remove/', { id: 'x', token: 'x' }, 401, 'unauthenticated'],
    ] as const) {
      const answer = await post(path, body)
      expect(answer.status, `${path} ${JSON.stringify(body)} ${answer.text}`).to.equal(status)
      expect(answer.body.err.code).to.equal(code)
      expect(answer.body.err.requestId).to.be.a('string')
    }
    const form = (body: string) => app.api.post('/api/login/').type('form').send(body)
    await form('x=1&'.repeat(1001)).expect(413)
    await form(`email=${'x'.repeat(110_000)}`).expect(413)
    await form('email=a@example.org&email=b@example.org&password=x').expect(400)
    await form(`token=${token}&token=${token}`).expect(400)
    await form('constructor=x&email=a@example.org&password=x').expect(400)
    await form('email=a@example.org&password[$ne]=x').expect(400)
    await post('/api/remove/', { id: 'x', token }).expect(404)
    await post('/api/remove/', { id: 'f'.repeat(24), token }).expect(404)
    await post('/api/remove/', { token }).expect(400)
    expect(await stateOf(app)).to.deep.equal(before)
  })

  it('storage upload – file name, file count or size over a limit, or no token → refused', async () => {
    const me = requestsOf(app, token)
    const before = await stateOf(app)
    await app.api.post('/api/upload/').attach('file', obj(), 'a.obj').expect(401)
    await app.api.post('/api/upload/').field('token', 'x').attach('file', obj(), 'a.obj').expect(401)
    await app.api.post('/api/upload/').field('x', 'y').expect(401)
    await me.post('/api/upload/').field('x', 'y').expect(400)
    await me.post('/api/upload/').attach('files', obj(), 'a.obj').expect(400)
    await me.post('/api/upload/').attach('file', obj(), 'a').attach('file', obj(), 'b').expect(413)
    await me.post('/api/upload/').send({ file: 'x' }).expect(415)
    const full = await app.api
      .post('/api/upload/')
      .field('token', token)
      .attach('file', Buffer.alloc(100_001), 'big.bin')
      .expect(507)
    expect(full.body.err.code).to.equal('space_exceeded')
    expect(await stateOf(app)).to.deep.equal(before)
    await me.post('/api/upload/').attach('file', Buffer.alloc(5000), 'small.bin').expect(201)
    const { location } = await User.findOne({ email: 'meck@example.org' }).orFail()
    const { body } = await me.get('/api/space').expect(200)
    expect(body.res.used).to.equal(await storedBytes(app, `${location}/`))
  })

  it('storage delete – asset of another user or used by a scene → not removed', async () => {
    const me = requestsOf(app, token)
    const { body } = await me.post('/api/upload/').attach('file', obj(), 'a.obj').expect(201)
    const { id } = body.res
    await post('/api/create/', { email: 'bob@example.org', name: 'Bob', password: PASSWORD }).expect(201)
    const bob = await login('bob@example.org', PASSWORD)
    await post('/api/remove/', { id, token: bob }).expect(404)
    await me.patch(`/api/assets/${id}`).send({ visibility: 'public' }).expect(200)
    await post('/api/remove/', { id, token: bob }).expect(403)
    const project = await me.post('/api/projects').send({ title: 'Room', image: id }).expect(201)
    const used = await post('/api/remove/', { id, token }).expect(409)
    expect(used.body.err.code).to.equal('conflict')
    await post('/api/remove/?force=2', { id, token }).expect(400)
    expect(await Asset.countDocuments({ _id: id })).to.equal(1)
    await post('/api/remove/?force=1', { id, token }).expect(200)
    expect(await Asset.countDocuments({ _id: id })).to.equal(0)
    expect((await Project.findById(project.body.res.project.id).orFail()).image).to.equal(null)
  })
})
