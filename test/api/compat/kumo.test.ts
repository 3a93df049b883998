import { expect } from 'chai'
import type { Test } from 'supertest'
import { Asset } from '../../../models/asset.ts'
import { Session } from '../../../models/session.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { uploadAsset } from '../../support/app/assets.ts'
import { refused } from '../../support/app/bare-error.ts'
import { keysOf, stateOf, storedBytes } from '../../support/app/state.ts'
import { PASSWORD, requestsOf, signUp, type TestUser } from '../../support/app/users.ts'
import { obj, png } from '../../support/data/samples.ts'

const FIELDS = ['_id', 'title', 'url', 'key', 'tag', 'user', 'createdAt', 'updatedAt']
const NO_ID = '64b000000000000000000000'

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
      const again = (await as.get(`/${name}s`).expect(200)).body[`${name}s`][0].url
      await app.api.get(again.slice(app.origin.length)).expect(200)
      await app.api.get(one.url.slice(app.origin.length)).expect(404)
      refused(await send('/sign-in', { credentials }), 422, 'bad_credentials')

      await as.delete(`/${name}s/${one._id}`).expect(204)
      expect(await Asset.findById(one._id)).to.equal(null)
      await as.delete('/sign-out').expect(204)
      refused(await as.get(`/${name}s`), 401, 'unauthenticated')
      expect(await Session.countDocuments({ user: stored._id })).to.equal(0)
    })

  it('POST and PATCH – lists with [] → tags; more brackets → 422 in every encoding', async () => {
    const upload = ada.post('/collections').field('image[tag][]', 'a').field('image[tag][]', 'b')
    const { body } = await upload.attach('image[file]', obj(), 'a.obj').expect(201)
    expect(body.collection.tag).to.equal('a,b')
    const path = `/collections/${body.collection._id}`
    await ada.patch(path).type('form').send('collection[tag][]=c&collection[tag][]=d').expect(204)
    expect((await ada.get(path)).body.collection.tag).to.equal('c,d')
    const before = await stateOf(app)
    const name = 'collection[title][x]'
    const sent = (field: string) => ada.post('/collections').attach('file', obj(), 'a.obj').field(field, 'a')
    for (const answer of [
      await ada.patch(path).type('form').send(`${name}=a`),
      await ada.patch(path).type('form').send(`collection[title]=b&${name}=a`),
      await ada.patch(path).field(name, 'a'),
      await ada.patch(path).send({ collection: { title: { x: 'a' } } }),
      await sent(name),
      await sent('image[title][]'),
      await sent('title[x]'),
    ])
      refused(answer, 422, 'validation_failed', /title must be text/)
    expect(await stateOf(app)).to.deep.equal(before)
    await sent(`image[${'x'.repeat(500)}][y]`).expect(201)
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
    refused(await upload().field('image[file]', ''), 422, 'validation_failed')
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
    const stored = () => Asset.findById(one._id, { termsDue: 0 }).orFail().lean()
    const before = await stored()
    for (const body of [
      {},
      { collection: {} },
      { collection: { title: '', tag: '' } },
      { collection: { title: null, tag: ',' } },
    ]) {
      await ada.patch(path).send(body).expect(204)
      expect(await stored()).to.deep.equal(before)
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
    const after = await stored()
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

  it('GET /collections/:id – public asset of a user who is not discoverable → user null', async () => {
    const { _id } = await create(ada)
    await ada.patch(`/api/assets/${_id}`).send({ visibility: 'public' }).expect(200)
    const { collection } = (await bob.get(`/collections/${_id}`).expect(200)).body
    expect(collection.user).to.equal(null)
    await app.api.get(collection.url.slice(app.origin.length)).expect(200)
    expect((await ada.get(`/collections/${_id}`).expect(200)).body.collection.user).to.equal(ada.user.id)
  })

  it('every route with a body – urlencoded, multipart and JSON → the same', async () => {
    const sendAs: ((request: Test, name: string, fields: Record<string, string>) => Test)[] = [
      (request, name, fields) => request.send({ [name]: fields }),
      (request, name, fields) => request.type('form').send(bracketed(name, fields)),
      (request, name, fields) => request.field(bracketed(name, fields)),
    ]
    for (const [n, as] of sendAs.entries()) {
      const [email, password] = [`form${n}@example.org`, PASSWORD]
      const account = { email, password, password_confirmation: password }
      await as(app.api.post('/sign-up'), 'credentials', account).expect(201)
      const wrong = await as(app.api.post('/sign-in'), 'credentials', { email, password: 'wrong password' })
      refused(wrong, 422, 'bad_credentials')
      const { body } = await as(app.api.post('/sign-in'), 'credentials', { email, password }).expect(201)
      const user = requestsOf(app, body.user.token)
      const { _id } = (await user.post('/uploads').attach('file', obj(), 'a.obj').expect(201)).body.upload
      for (const [name, title] of [
        ['upload', 'One'],
        ['collection', 'Two'],
      ] as const) {
        const fields = { title, tag: 'a,b', url: '', user: NO_ID }
        await as(user.patch(`/${name}s/${_id}`), name, fields).expect(204)
        expect(await Asset.findById(_id).lean()).to.deep.include({ name: title, tags: ['a', 'b'] })
      }
      await as(user.patch(`/uploads/${_id}`), 'upload', { title: '', tag: '' }).expect(204)
      expect(await Asset.findById(_id).lean()).to.deep.include({ name: 'Two', tags: ['a', 'b'], version: 3 })
      await as(user.patch('/change-password'), 'passwords', { old: password, new: 'a new horse' }).expect(204)
    }
  })
})

const bracketed = (name: string, fields: Record<string, string>) =>
  Object.fromEntries(Object.entries(fields).map(([field, value]) => [`${name}[${field}]`, value]))
