import { request } from 'node:http'
import { expect } from 'chai'
import { Types } from 'mongoose'
import type { Response } from 'supertest'
import { MAX_COLLECTIONS } from '../../../controllers/compat/kumo.ts'
import { Asset } from '../../../models/asset.ts'
import { Session } from '../../../models/session.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { insertAsset, uploadAsset } from '../../support/app/assets.ts'
import { keysOf, stateOf, storedBytes } from '../../support/app/state.ts'
import { PASSWORD, requestsOf, signUp, type TestUser } from '../../support/app/users.ts'
import { obj, png } from '../../support/data/samples.ts'

const FIELDS = ['_id', 'title', 'url', 'key', 'tag', 'user', 'createdAt', 'updatedAt']
const NO_ID = '64b000000000000000000000'

/** Asserts an error of the earlier service. */
function refused({ body, status }: Response, expected: number, name: string, message = /./): void {
  expect({ status, name: body.name }, JSON.stringify(body)).to.deep.equal({ status: expected, name })
  expect(body).to.have.all.keys('name', 'message')
  expect(body.message).to.match(message)
}

/** The requests of the clients of the Kumo service, with the fields of the answers that they use. */
describe('compatibility routes for Kumo', () => {
  let app: TestApp
  let ada: TestUser
  let bob: TestUser

  before(async () => {
    app = await startApp({ env: { USER_SPACE_BYTES: '200000' } })
    ada = await signUp(app, 'ada', { email: 'ada@example.org' })
    bob = await signUp(app, 'bob')
  })
  after(() => app.stop())

  const send = (path: string, body: object) => app.api.post(path).send(body)
  const create = async (user: TestUser, title = 'Chair') => {
    const sent = user.post('/collections').field('image[title]', title).attach('image[file]', obj(), 'a.obj')
    return (await sent.expect(201)).body.collection
  }

  for (const [name, field] of [
    ['collection', 'image'],
    ['upload', 'upload'],
  ] as const)
    it(`/${name}s – sign up, in, upload, list, change, download, delete, sign out → the recorded answers`, async () => {
      const credentials = { email: `${name}@example.org`, password: PASSWORD }
      const made = await send('/sign-up', {
        credentials: { ...credentials, password_confirmation: PASSWORD },
      }).expect(201)
      expect(made.body).to.have.all.keys('user')
      expect(made.body.user).to.have.all.keys('_id', 'email', 'createdAt', 'updatedAt')
      const stored = await User.findById(made.body.user._id).orFail().lean()
      expect(stored).to.include({ email: credentials.email, username: name, access: 'user' })
      expect(await Session.countDocuments({ user: stored._id })).to.equal(0)

      const signedIn = await send('/sign-in', { credentials }).expect(201)
      const { token, ...user } = signedIn.body.user
      expect(Object.keys(user)).to.have.members(['_id', 'email', 'createdAt', 'updatedAt'])
      const as = requestsOf(app, token)

      const uploaded = await as
        .post(`/${name}s`)
        .field(`${field}[title]`, 'Oak chair')
        .field(`${field}[tag]`, 'Wood, chair')
        .field(`${field}[user]`, NO_ID)
        .attach(`${field}[file]`, obj(), 'chair.obj')
        .expect(201)
      expect(uploaded.body).to.have.all.keys(name)
      const one = uploaded.body[name]
      expect(one).to.have.all.keys(FIELDS)
      expect(one).to.include({ title: 'Oak chair', key: 'chair.obj', tag: 'wood,chair', user: user._id })
      expect(await Asset.findById(one._id).lean()).to.include({ name: 'Oak chair', visibility: 'private' })
      expect(await storedBytes(app)).to.be.greaterThan(0)

      const listed = await as
        .get(`/${name}s/`)
        .expect(200)
        .expect('Content-Type', /^application\/json/)
      expect(listed.text.endsWith('\n')).to.equal(true)
      expect(listed.body).to.have.all.keys(`${name}s`)
      expect(listed.body[`${name}s`].map(({ _id }: { _id: string }) => _id)).to.deep.equal([one._id])

      expect(one.url.startsWith(`${app.origin}/`)).to.equal(true)
      const { status, headers, body } = await app.api
        .get(one.url.slice(app.origin.length))
        .responseType('blob')
      expect(status).to.equal(200)
      expect(headers['content-disposition']).to.match(/^attachment; filename="?chair.obj"?$/)
      expect(obj().equals(body)).to.equal(true)
      expect((await Asset.findById(one._id).orFail()).downloads).to.equal(1)

      const change = { title: 'Stool', tag: '', url: 'http://example.org', user: NO_ID }
      await as
        .patch(`/${name}s/${one._id}`)
        .send({ [name]: change })
        .expect(204)
      const read = await as.get(`/${name}s/${one._id}`).expect(200)
      expect(read.body[name]).to.deep.include({
        ...one,
        title: 'Stool',
        url: read.body[name].url,
        updatedAt: read.body[name].updatedAt,
      })

      const passwords = { old: PASSWORD, new: 'another horse battery' }
      const other = (await send('/sign-in', { credentials }).expect(201)).body.user.token
      await as.patch('/change-password').send({ passwords }).expect(204)
      await requestsOf(app, other).get(`/${name}s`).expect(401)
      await as.get(`/${name}s`).expect(200)
      refused(await send('/sign-in', { credentials }), 422, 'bad_credentials')

      await as.delete(`/${name}s/${one._id}`).expect(204)
      expect(await Asset.findById(one._id)).to.equal(null)
      await as.delete('/sign-out').expect(204)
      refused(await as.get(`/${name}s`), 401, 'unauthenticated')
      expect(await Session.countDocuments({ user: stored._id })).to.equal(0)
    })

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
    const { _id } = await create(ada)
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
    const unknown = await ada.get('/collections/x/y').expect(404)
    expect(unknown.body).to.have.property('status', 'error')
    app.context.prepared = false
    refused(await send('/Sign-In', {}), 503, 'unavailable')
    app.context.prepared = true
  })

  it('POST – names of the fields → accepted, empty ones left out', async () => {
    const file = obj()
    for (const path of ['/collections', '/uploads'])
      for (const field of ['image[file]', 'upload[file]', 'file', 'image'])
        for (const prefix of ['image', 'upload', 'collection', null]) {
          const at = (name: string) => (prefix ? `${prefix}[${name}]` : name)
          const { body } = await bob
            .post(path)
            .field(at('title'), 'Stool')
            .field(at('tag'), '')
            .attach(field, file, 'b.obj')
            .expect(201)
          expect(Object.values(body)[0], `${field} ${prefix}`).to.include({ title: 'Stool', tag: '' })
        }
    const { body } = await bob
      .post('/collections')
      .field('image[title]', '')
      .attach('image[file]', file, 'c.obj')
    expect(body.collection).to.include({ title: 'c.obj', key: 'c.obj' })
    await Asset.deleteMany({ owner: bob.user._id })
  })

  it('POST – no file, several, other fields or no space → refused, nothing is left', async () => {
    const before = await stateOf(app)
    const upload = () => ada.post('/collections')
    refused(await upload().field('image[title]', 'x'), 422, 'validation_failed', /file must contain a file/)
    refused(await upload().field('image[file]', 'x'), 422, 'validation_failed')
    refused(await upload().attach('avatar', obj(), 'a.obj'), 422, 'validation_failed', /not a file field/)
    refused(await upload().send({ image: {} }), 415, 'unsupported_media')
    const twice = upload().attach('image[file]', obj(), 'a').attach('image[file]', obj(), 'b')
    refused(await twice, 413, 'too_large')
    const big = Buffer.concat([await png(), Buffer.alloc(300_000)])
    refused(await upload().attach('image[file]', big, 'big.png'), 507, 'space_exceeded')
    const long = upload().field('image[title]', 'x'.repeat(201)).attach('image[file]', obj(), 'a.obj')
    refused(await long, 422, 'validation_failed', /title must have/)
    const broken = upload().set('Content-Type', 'multipart/form-data; boundary=b').send('--b\r\n')
    refused(await broken, 422, 'malformed_upload')
    expect(await stateOf(app)).to.deep.equal(before)
    expect(await keysOf(app)).to.deep.equal(before.objects)
  })

  it("PATCH – the client's own object, or nothing → only title and tag change", async () => {
    const one = await create(ada)
    const path = `/collections/${one._id}`
    const before = await Asset.findById(one._id).orFail().lean()
    for (const body of [
      {},
      { collection: {} },
      { collection: { title: '', tag: '' } },
      { collection: { title: null, tag: ',' } },
    ]) {
      await ada.patch(path).send(body).expect(204)
      expect(await Asset.findById(one._id).lean()).to.deep.equal(before)
    }
    const own = {
      ...one,
      title: 'Stool',
      tag: 'a,B',
      user: NO_ID,
      createdAt: 0,
      visibility: 'public',
      __v: 0,
    }
    await ada.patch(path).send({ collection: own, other: 1 }).expect(204)
    const after = await Asset.findById(one._id).orFail().lean()
    expect(after).to.deep.include({ name: 'Stool', tags: ['a', 'b'], visibility: 'private', version: 2 })
    expect(after.owner).to.deep.equal(before.owner)
    expect(after.createdAt).to.deep.equal(before.createdAt)
    await ada.patch(path).send({ title: 'Table' }).expect(204)
    refused(
      await ada.patch(path).send({ collection: { title: ['x'] } }),
      422,
      'validation_failed',
      /must be text/,
    )
    refused(await ada.patch(path).send({ collection: 'x' }), 422, 'validation_failed')
    refused(await ada.patch(path).type('text/plain').send('x'), 415, 'unsupported_media')
    refused(await ada.patch(path).send({ title: 'x'.repeat(102_400) }), 413, 'too_large')
    refused(await ada.patch(path).set('If-Match', '"1-x"').send({ title: 'x' }), 412, 'version_conflict')
    expect((await Asset.findById(one._id).orFail()).name).to.equal('Table')
  })

  it('/collections/:id – sharing, locks and scenes → the same rights as in the API', async () => {
    const { _id } = await create(ada)
    const [path, shared] = [`/collections/${_id}`, `/api/assets/${_id}/collaborators/bob`]
    await ada.put(shared).send({ access: 'read' }).expect(200)
    const seen = (await bob.get(path).expect(200)).body.collection
    await app.api.get(seen.url.slice(app.origin.length)).expect(200)
    expect((await bob.get('/collections').expect(200)).body.collections).to.deep.equal([])
    refused(await bob.patch(path).send({ title: 'x' }), 403, 'forbidden')
    await ada.put(shared).send({ access: 'write' }).expect(200)
    await bob.patch(path).send({ title: 'Theirs' }).expect(204)
    refused(await bob.delete(path), 403, 'forbidden')
    await ada.put(`/api/assets/${_id}/lock`).send({ legalHold: true }).expect(200)
    refused(await ada.patch(path).send({ title: 'x' }), 423, 'locked')
    refused(await ada.delete(path), 423, 'locked')
    await ada.delete(`/api/assets/${_id}/lock`).expect(204)
    const project = await ada.post('/api/projects').send({ title: 'x' }).expect(201)
    await ada
      .post(`/api/projects/${project.body.res.project.id}/scenes`)
      .send({ base: [_id] })
      .expect(201)
    refused(await ada.delete(path), 409, 'conflict')
    await ada.delete(`${path}?force=1`).expect(204)
    expect(await Asset.findById(_id)).to.equal(null)
  })

  it('GET /collections/:id – asset with several files → name of the first file, url of a zip', async () => {
    const { id } = await uploadAsset(ada, {}, { 'a.obj': obj(), 'b.obj': obj() })
    const { body } = await ada.get(`/collections/${id}`).expect(200)
    expect(body.collection).to.include({ title: 'a.obj', key: 'a.obj' })
    const zip = await app.api.get(body.collection.url.slice(app.origin.length)).expect(200)
    expect(zip.headers['content-type']).to.equal('application/zip')
  })

  describe('long lists', () => {
    let carl: TestUser
    before(async () => {
      carl = await signUp(app, 'carl')
      const file = {
        id: 'f',
        name: 'a.png',
        key: 'k',
        size: 1,
        mediaType: 'image/png',
        media: 'image' as const,
        sha256: 'x',
      }
      const { _id, ...asset } = await insertAsset(carl.user, { files: [file] })
      const raw = await Asset.collection.findOne({ _id })
      const copies = Array.from({ length: MAX_COLLECTIONS }, (_, n) => ({
        ...raw,
        _id: new Types.ObjectId(),
        createdAt: new Date(asset.createdAt.getTime() + 1000 + n),
      }))
      await Asset.collection.insertMany(copies)
    })

    it('GET /collections – more than 10,000 → the newest 10,000, newest first', async () => {
      const { body } = await carl.get('/collections').expect(200)
      const times = body.collections.map(({ createdAt }: { createdAt: string }) => Date.parse(createdAt))
      expect(times).to.have.length(MAX_COLLECTIONS)
      expect(times).to.deep.equal([...times].sort((one, other) => other - one))
      const ids = body.collections.map(({ _id }: { _id: string }) => _id)
      expect(new Set(ids).size).to.equal(MAX_COLLECTIONS)
    })

    it('GET /collections – client disconnects → no more pages are read', async () => {
      const { searches } = app.context.queues
      let pages = 0
      const run = searches.run.bind(searches)
      searches.run = (...args) => {
        pages += 1
        return run(...args)
      }
      await new Promise<void>((resolve, reject) => {
        const headers = { Authorization: `Bearer ${carl.token}` }
        const sent = request(`${app.origin}/collections`, { headers }, (answer) => {
          answer.once('data', () => {
            answer.destroy()
            resolve()
          })
        })
        sent.on('error', reject)
        sent.end()
      })
      // as many pages again take longer than the rest of the first list would
      await carl.get('/collections').expect(200)
      searches.run = run
      expect(pages - MAX_COLLECTIONS / 100).to.be.within(1, 50)
    })
  })
})
