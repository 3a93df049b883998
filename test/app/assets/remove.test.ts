import { expect } from 'chai'
import { removeAsset } from '../../../app/assets/remove.ts'
import { describeFinding } from '../../../app/maintenance/finding.ts'
import { checkStorage } from '../../../app/maintenance/integrity-check.ts'
import { sweep } from '../../../app/maintenance/sweep.ts'
import { Asset } from '../../../models/asset.ts'
import { Capacity, SERVER } from '../../../models/capacity.ts'
import { Event } from '../../../models/event.ts'
import { Link } from '../../../models/link.ts'
import { Project, referencesOf } from '../../../models/project.ts'
import { Session } from '../../../models/session.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { uploadAsset, wholeAsset } from '../../support/app/assets.ts'
import { CommandInterceptor } from '../../support/app/command-interceptor.ts'
import { keysOf, storedBytes } from '../../support/app/state.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'
import { png } from '../../support/data/samples.ts'

describe('deletion of an asset', function () {
  this.timeout(60_000)
  let app: TestApp
  let ada: TestUser
  let interceptor: CommandInterceptor
  beforeEach(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    interceptor = new CommandInterceptor()
  })
  afterEach(async () => {
    interceptor.close()
    await app.stop()
  })

  /** Uploads an asset with a file, a thumbnail, and an image. */
  async function uploadWithImage() {
    const asset = await uploadAsset(ada, {}, { 'a.bin': Buffer.alloc(1000), 'b.png': await png() })
    await ada
      .post(`/api/assets/${asset.id}/images`)
      .attach('images', await png(), 'a.png')
      .expect(201)
    return asset
  }
  const link = (id: string) => ada.post(`/api/assets/${id}/links`).send({})
  const useInScene = async (id: string, project?: string) => {
    if (!project) return ada.post('/api/projects').send({ title: 'Room', image: id })
    return ada.post(`/api/projects/${project}/scenes`).send({ base: [id] })
  }
  const remove = (id: string) => ada.delete(`/api/assets/${id}?force=1`)

  async function expectExact(): Promise<void> {
    const used = await storedBytes(app)
    for (const space of [await User.spaceOf(ada.user._id), await Capacity.spaceOf(SERVER)])
      expect(space).to.deep.include({ used, reserved: 0, open: [] })
    for await (const { finding } of checkStorage(app.context, { fix: false, graceMs: 0 }))
      expect.fail(describeFinding(finding))
  }

  async function expectNothingLeft(): Promise<void> {
    expect(await keysOf(app)).to.deep.equal([])
    for (const model of [Asset, Link]) expect(await model.countDocuments()).to.equal(0)
    for (const project of await Project.find().lean()) expect(referencesOf(project)).to.deep.equal([])
    await expectExact()
  }

  /** Deletes an asset in this process, without a request. */
  async function removeDirectly(id: string): Promise<void> {
    const asset = await wholeAsset(id)
    const session = await Session.findOne({ user: ada.user._id }).orFail().lean()
    await removeAsset(app.context, asset, { user: ada.user, session }, { evenIfUsed: true })
  }

  /** Runs `work` until it wants to send its command number `index`. That and what follows it never happen, as if killed. */
  async function killBefore(index: number, work: () => Promise<void>): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const die = () => {
        resolve()
        return new Promise<void>(() => undefined)
      }
      interceptor.before(index, die, work).then(() => reject(new Error('not killed')), reject)
    })
  }

  for (const [what, prepare] of [
    ['asset without links', async () => undefined],
    [
      'asset with a link and in a scene',
      async (id: string) => {
        await link(id).expect(201)
        await useInScene(id)
      },
    ],
  ] as const)
    it(`DELETE /api/assets/:id – ${what}, process killed before any command → two sweeps at once finish it, sums exact`, async () => {
      const probe = await uploadWithImage()
      await prepare(probe.id)
      const commands = await interceptor.record(() => removeDirectly(probe.id))
      expect(commands).to.include('assets.findOneAndUpdate')
      for (let index = 1; index < commands.length; index++) {
        const { id } = await uploadWithImage()
        await prepare(id)
        await killBefore(index, () => removeDirectly(id))
        await Promise.all([sweep(app.context), sweep(app.context)])
        if (await Asset.exists({ _id: id, state: 'ready' })) await remove(id).expect(204)
        await expectNothingLeft()
      }
    })

  it('DELETE /api/assets/:id – process killed while it deletes the objects → the sweep finishes it', async () => {
    const { id } = await uploadWithImage()
    const { store } = app.context
    const removeObjects = store.remove.bind(store)
    const killed = new Promise<void>((resolve) => {
      store.remove = async (keys) => {
        await removeObjects(keys.slice(0, 1))
        resolve()
        await new Promise(() => undefined)
      }
    })
    void removeDirectly(id)
    await killed
    store.remove = removeObjects
    expect(await Asset.countDocuments({ state: 'deleting' })).to.equal(1)
    await Promise.all([sweep(app.context), sweep(app.context)])
    await expectNothingLeft()
  })

  it('DELETE /api/assets/:id – two requests at once, of two processes → one 204, counted once, one event', async () => {
    const elsewhere = await app.secondInstanceOrigin()
    for (let n = 0; n < 8; n++) {
      const { id } = await uploadWithImage()
      const headers = { Authorization: `Bearer ${ada.token}` }
      const answers = await Promise.all(
        [app.origin, elsewhere].map((origin) =>
          fetch(`${origin}/api/assets/${id}`, { method: 'DELETE', headers }),
        ),
      )
      expect(answers.map(({ status }) => status).sort()).to.deep.equal([204, 404])
      expect(await Event.countDocuments({ kind: 'asset.deleted', asset: id })).to.equal(1)
      await expectNothingLeft()
    }
  })

  it('DELETE …/images/:imageId – process killed before any command → sums exact after a sweep', async () => {
    const { id } = await uploadWithImage()
    const { images } = await Asset.findById(id).orFail().lean()
    const path = (image: unknown) => `/api/assets/${id}/images/${image}`
    const commands = await interceptor.record(async () => ada.delete(path(images[0]?.id)).expect(204))
    for (let index = 1; index < commands.length; index++) {
      const { body } = await ada.post(`/api/assets/${id}/images`).attach('images', await png(), 'a.png')
      const image = body.res.asset.images[0].id
      await killBefore(index, async () => {
        await ada.delete(path(image))
      })
      await sweep(app.context)
      if ((await Asset.findById(id).orFail()).images.length > 0) await ada.delete(path(image)).expect(204)
      await expectExact()
    }
  })

  it('DELETE /api/assets/:id – link created before any command of it → no link remains; and the reverse', async () => {
    const probe = await uploadAsset(ada)
    const creating = await interceptor.record(async () => link(probe.id).expect(201))
    const other = await uploadAsset(ada)
    const removing = await interceptor.record(async () => remove(other.id).expect(204))
    await remove(probe.id).expect(204)
    for (const index of removing.keys()) {
      const { id } = await uploadAsset(ada)
      const linking = async () => expect((await link(id)).status).to.be.oneOf([201, 404])
      await interceptor.before(
        index,
        async () => void (await linking()),
        async () => remove(id).expect(204),
      )
      await expectNothingLeft()
    }
    for (const index of creating.keys()) {
      const { id } = await uploadAsset(ada)
      const removeFirst = async () => void (await remove(id).expect(204))
      const { status } = await interceptor.before(index, removeFirst, async () => link(id))
      expect(status).to.be.oneOf([201, 404])
      await expectNothingLeft()
    }
  })

  it('DELETE /api/assets/:id – put into a scene before any command of it → no reference remains; and the reverse', async () => {
    const probe = await uploadAsset(ada)
    const { body } = await ada.post('/api/projects').send({ title: 'Room' }).expect(201)
    const project = body.res.project.id
    const using = await interceptor.record(async () => useInScene(probe.id, project))
    const other = await uploadAsset(ada)
    const removing = await interceptor.record(async () => remove(other.id).expect(204))
    await remove(probe.id).expect(204)
    for (const target of [project, undefined]) {
      for (const index of removing.keys()) {
        const { id } = await uploadAsset(ada)
        const use = async () => void (await useInScene(id, target))
        await interceptor.before(index, use, async () => remove(id).expect(204))
        await expectNothingLeft()
      }
      for (const index of using.keys()) {
        const { id } = await uploadAsset(ada)
        const removeFirst = async () => void (await remove(id).expect(204))
        await interceptor
          .before(index, removeFirst, async () => useInScene(id, target))
          .catch(() => undefined)
        if (await Asset.findById(id)) await remove(id).expect(204)
        await expectNothingLeft()
      }
    }
  })

  it('DELETE /api/assets/:id – used in a scene → 409, also for an asset of an earlier release', async () => {
    const { id } = await uploadAsset(ada)
    await useInScene(id)
    await ada.delete(`/api/assets/${id}`).expect(409)
    await Asset.updateOne({ _id: id }, { $unset: { inScenes: 1, hasLinks: 1 } })
    await ada.delete(`/api/assets/${id}`).expect(409)
    await link(id).expect(201)
    await remove(id).expect(204)
    await expectNothingLeft()
  })
})
