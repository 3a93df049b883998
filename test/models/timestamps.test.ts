import { expect } from 'chai'
import mongoose, { Types } from 'mongoose'
import { Asset } from '../../models/asset.ts'
import { Project } from '../../models/project.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { signIn, signUp, signUpAdmin, type TestUser } from '../support/app/users.ts'
import { png, svg } from '../support/data/samples.ts'
import { eventually } from '../support/eventually.ts'

const HOUR = 3_600_000
const LATE = new Date('2040-01-01')

describe('timestamps', () => {
  let app: TestApp
  let root: TestUser
  let ada: TestUser
  let bob: TestUser
  let picture: Buffer

  before(async () => {
    app = await startApp()
    picture = await png({ width: 8, height: 8 })
    root = await signUpAdmin(app, 'root')
    ada = await signUp(app, 'ada')
    bob = await signUp(app, 'bob')
  })
  after(() => app.stop())

  const isNow = (time: Date) =>
    expect(app.clock.now().getTime() - time.getTime(), time.toISOString()).to.be.within(0, 10_000)

  describe('of Mongoose, which the models rely on', () => {
    const owner = new Types.ObjectId()
    const given = { owner, title: 'Room', createdAt: LATE, updatedAt: new Date(0) }
    const times = async (_id: Types.ObjectId) => {
      const { createdAt, updatedAt } = await Project.findById(_id).orFail().lean()
      return [createdAt, updatedAt]
    }

    it('create – given createdAt → kept, and taken for updatedAt; without it → the clock', async () => {
      const { _id } = await Project.create(given)
      expect(await times(_id)).to.deep.equal([LATE, LATE])
      const [createdAt, updatedAt] = await times((await Project.create({ owner, title: 'Room' }))._id)
      isNow(createdAt as Date)
      expect(updatedAt).to.deep.equal(createdAt)
    })

    it('insertMany – given times → kept', async () => {
      const [project] = await Project.insertMany([given])
      expect(await times(project?._id as Types.ObjectId)).to.deep.equal([LATE, new Date(0)])
    })

    it('update – given times → updatedAt replaced by the clock, createdAt not changed', async () => {
      const { _id } = await Project.create(given)
      const update = { $set: { createdAt: new Date(0), updatedAt: new Date(0) }, $inc: { version: 1 } }
      const updates = [
        () => Project.updateOne({ _id }, update),
        () => Project.updateMany({ _id }, update),
        () => Project.findOneAndUpdate({ _id }, update),
      ]
      for (const run of updates) {
        await run()
        const [createdAt, updatedAt] = await times(_id)
        expect(createdAt).to.deep.equal(LATE)
        isNow(updatedAt as Date)
        app.clock.advance(HOUR)
      }
    })

    it('update – version not incremented, or timestamps: false → updatedAt not changed', async () => {
      const { _id } = await Project.create(given)
      await Project.updateOne({ _id }, { title: 'Hall' })
      await Project.updateMany({ _id }, { $set: { title: 'Yard' }, $unset: { image: '' } })
      await Project.findOneAndUpdate({ _id }, { title: 'Den' })
      await Project.updateOne({ _id }, { $inc: { version: 1 } }, { timestamps: false })
      expect(await times(_id)).to.deep.equal([LATE, LATE])
    })
  })

  it('every model – createdAt or updatedAt stored → by the option of Mongoose', () => {
    const models = Object.values(mongoose.models).filter(
      ({ modelName, schema }) =>
        modelName !== 'Upload' && (schema.path('createdAt') || schema.path('updatedAt')),
    )
    expect(models.map(({ modelName }) => modelName)).to.include.members([
      'Asset',
      'Link',
      'Project',
      'Session',
      'User',
    ])
    for (const { modelName, schema } of models)
      expect(schema.options.timestamps, modelName).to.be.an('object')
  })

  it('asset – any request that changes it → updatedAt changes exactly when version changes', async () => {
    const { id } = await uploadAsset(ada, { visibility: 'public' }, { 'a.svg': svg() })
    const path = `/api/assets/${id}`
    const read = () => Asset.findById(id).orFail().lean()
    const first = await read()
    isNow(first.createdAt)
    expect(first.updatedAt).to.deep.equal(first.createdAt)

    type Change = [
      what: string,
      increments: boolean,
      send: () => PromiseLike<{ status: number; text: string }>,
    ]
    const until = () => new Date(app.clock.now().getTime() + HOUR).toISOString()
    const changes: Change[] = [
      ['PATCH name', true, () => ada.patch(path).send({ name: 'Chair' })],
      ['PATCH visibility', true, () => ada.patch(path).send({ visibility: 'private' })],
      ['PATCH visibility', true, () => ada.patch(path).send({ visibility: 'public' })],
      ['PUT files', true, () => ada.put(`${path}/files`).attach('files', svg(), 'b.svg')],
      ['POST images', true, () => ada.post(`${path}/images`).attach('images', picture, 'b.png')],
      ['DELETE image', true, async () => ada.delete(`${path}/images/${(await read()).images[0]?.id}`)],
      ['PUT collaborator', false, () => ada.put(`${path}/collaborators/bob`).send({ access: 'read' })],
      ['download', false, () => bob.get(`${path}/download`)],
      ['DELETE collaborator', false, () => ada.delete(`${path}/collaborators/bob`)],
      ['disable', false, () => root.patch(`/api/users/${ada.user.id}`).send({ disabled: true })],
      [
        'enable',
        false,
        async () => {
          const enabled = await root.patch(`/api/users/${ada.user.id}`).send({ disabled: false })
          ada = await signIn(app, ada.user)
          return enabled
        },
      ],
      ['PUT lock', true, () => ada.put(`${path}/lock`).send({ mode: 'governance', until: until() })],
      ['take down', true, () => root.delete(`/api/admin/assets/${id}`)],
      ['DELETE lock', true, () => root.delete(`/api/admin/assets/${id}/lock`)],
    ]
    for (const [what, increments, send] of changes) {
      app.clock.advance(60_000)
      const before = await read()
      const { status, text } = await send()
      expect(status, `${what} ${text}`).to.be.within(200, 299)
      if (what === 'download') await eventually(async () => expect((await read()).downloads).to.equal(1))
      const { version, updatedAt, createdAt } = await read()
      expect(version, what).to.equal(before.version + (increments ? 1 : 0))
      expect(createdAt, what).to.deep.equal(first.createdAt)
      if (increments) isNow(updatedAt)
      else expect(updatedAt, what).to.deep.equal(before.updatedAt)
    }
  })
})
