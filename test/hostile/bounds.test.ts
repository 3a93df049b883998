import { expect } from 'chai'
import { Types } from 'mongoose'
import { Link } from '../../models/link.ts'
import { Project } from '../../models/project.ts'
import { Session } from '../../models/session.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { PASSWORD, requestsOf, signUp, type TestUser } from '../support/app/users.ts'
import { svg } from '../support/data/samples.ts'

const AT_ONCE = 8
/** Makes documents older than all others, the oldest first. */
const times = (count: number, make: (createdAt: Date, n: number) => object) =>
  Array.from({ length: count }, (_, n) => make(new Date(Date.UTC(2020, 0, 1) + n * 1000), n))
const atOnce = <T>(request: () => PromiseLike<T>) =>
  Promise.all(Array.from({ length: AT_ONCE }, async () => request()))

describe('limits per user', function () {
  this.timeout(60_000)
  let app: TestApp
  let ada: TestUser
  before(async () => {
    app = await startApp()
  })
  after(() => app.stop())
  beforeEach(async () => {
    ada = await signUp(app, `ada-${new Types.ObjectId()}`)
  })

  it('POST /api/auth/login – 100 sessions, 8 concurrent sign-ins → oldest end, 100 remain', async () => {
    const user = ada.user._id
    const expiresAt = new Date(Date.now() + 3_600_000)
    const plant = (owner: Types.ObjectId) =>
      Session.insertMany(
        times(99, (createdAt) => ({ user: owner, createdAt, lastAccessAt: createdAt, expiresAt })),
      )
    const planted = await plant(user)
    const bob = await signUp(app, `bob-${user}`)
    await plant(bob.user._id)
    const login = { login: ada.user.username, password: PASSWORD }
    const answers = await atOnce(() => app.api.post('/api/auth/login').send(login).expect(200))
    expect(await Session.countDocuments({ user })).to.equal(100)
    for (const { body } of answers) await requestsOf(app, body.res.token).get('/api/auth/session').expect(200)
    await ada.get('/api/auth/session').expect(200)
    const left = await Session.find({ user, _id: { $in: planted.map(({ _id }) => _id) } })
      .sort({ createdAt: 1 })
      .lean()
    expect(left.map(({ _id }) => _id.toString())).to.deep.equal(
      planted.slice(AT_ONCE).map(({ _id }) => _id.toString()),
    )
    expect(await Session.countDocuments({ user: bob.user._id })).to.equal(100)
  })

  it('POST /api/auth/login – 3,000 older sessions → 100 remain, including the new one', async () => {
    const user = ada.user._id
    const expiresAt = new Date(Date.now() + 3_600_000)
    // the clock of the process that created them was ahead
    const ahead = (createdAt: Date) => new Date(createdAt.getTime() + 20 * 366 * 86_400_000)
    await Session.insertMany(
      times(3000, (at) => ({ user, createdAt: ahead(at), lastAccessAt: at, expiresAt })),
    )
    const login = { login: ada.user.username, password: PASSWORD }
    const { body } = await app.api.post('/api/auth/login').send(login).expect(200)
    expect(await Session.countDocuments({ user })).to.equal(100)
    await requestsOf(app, body.res.token).get('/api/auth/session').expect(200)
  })

  describe('links of an asset', () => {
    let path: string
    let asset: Types.ObjectId
    const plant = (count: number, revokedAt: Date | null) =>
      Link.insertMany(
        times(count, (createdAt) => ({
          asset,
          owner: ada.user._id,
          tokenHash: new Types.ObjectId().toString(),
          revokedAt,
          createdAt,
        })),
      )
    beforeEach(async () => {
      const { id } = await uploadAsset(ada)
      asset = new Types.ObjectId(id)
      path = `/api/assets/${id}/links`
    })

    it('POST /api/assets/:id/links – 996 links, 8 concurrent requests → at most 1,000, next one 409', async () => {
      await plant(996, null)
      const answers = await atOnce(() => ada.post(path).send({}))
      const made = answers.filter(({ status }) => status === 201).map(({ body }) => body.res.link.id)
      for (const { status, body } of answers)
        if (status !== 201) expect([status, body.err.code]).to.deep.equal([409, 'conflict'])
      expect(await Link.countDocuments({ asset })).to.equal(996 + made.length)
      expect(made.length).to.be.at.most(4)
      await plant(4 - made.length, null)
      const { body } = await ada.post(path).send({}).expect(409)
      expect(body.err.message).to.contain('1,000')
      expect(await Link.countDocuments({ asset })).to.equal(1000)
    })

    it('POST /api/assets/:id/links – 1,000 links, some revoked → 201, oldest revoked one removed', async () => {
      await plant(998, null)
      const [oldest, other] = await plant(2, new Date())
      await ada.post(path).send({}).expect(201)
      expect(await Link.countDocuments({ asset })).to.equal(1000)
      expect(await Link.exists({ _id: String(oldest?._id) })).to.equal(null)
      expect(await Link.exists({ _id: String(other?._id) })).to.not.equal(null)
      await ada.post(path).send({}).expect(201)
      await ada.post(path).send({}).expect(409)
      const { body } = await ada.get(`${path}?limit=1`).expect(200)
      await ada.delete(`${path}/${body.res.links[0].id}`).expect(204)
      await ada.post(path).send({}).expect(201)
      expect(await Link.countDocuments({ asset })).to.equal(1000)
    })
  })

  describe('projects', () => {
    const plant = (count: number) => {
      const owner = ada.user._id
      return Project.insertMany(
        times(count, (at) => ({
          owner,
          readers: [owner.toString()],
          title: 'Room',
          createdAt: at,
          updatedAt: at,
        })),
      )
    }
    const count = () => Project.countDocuments({ owner: ada.user._id })

    it('POST /api/projects – 996 projects, 8 concurrent requests → at most 1,000, next one 409', async () => {
      await plant(996)
      const answers = await atOnce(() => ada.post('/api/projects').send({ title: 'Room' }))
      const made = answers.filter(({ status }) => status === 201).length
      for (const { status, body } of answers)
        if (status !== 201) expect([status, body.err.code]).to.deep.equal([409, 'conflict'])
      expect(made).to.be.at.most(4)
      expect(await count()).to.equal(996 + made)
      const [first] = await plant(4 - made)
      const { body } = await ada.post('/api/projects').send({ title: 'Room' }).expect(409)
      expect(body.err.message).to.contain('1,000')
      expect(await count()).to.equal(1000)
      const { body: list } = await ada.get('/api/projects?limit=1').expect(200)
      await ada.delete(`/api/projects/${first?._id ?? list.res.projects[0].id}`).expect(204)
      await ada.post('/api/projects').send({ title: 'Room' }).expect(201)
    })

    it('POST /base – 1,000 projects → added to the oldest, no new project', async () => {
      await plant(1000)
      const { body } = await ada.post('/base').attach('file', svg(), 'a.svg').expect(201)
      const oldest = await Project.findOne({ owner: ada.user._id }).sort({ createdAt: 1, _id: 1 }).lean()
      expect(body.res.projectId).to.equal(String(oldest?._id))
      expect(await count()).to.equal(1000)
    })
  })
})
