import { expect } from 'chai'
import { Types } from 'mongoose'
import { Asset } from '../../models/asset.ts'
import { Project } from '../../models/project.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { keysOf, stateOf } from '../support/app/state.ts'
import { PASSWORD, signUp, type TestUser } from '../support/app/users.ts'

interface SceneAnswer {
  id: string
  base: string[]
  overlay: string[]
}

interface ProjectAnswer {
  id: string
  title: string
  scenes: SceneAnswer[]
}

describe('/api/projects', () => {
  let app: TestApp
  let ada: TestUser
  let bob: TestUser
  let asset: AssetAnswer
  let project: ProjectAnswer
  const url = (rest = '') => `/api/projects/${project.id}${rest}`
  const make = async (user: TestUser, body: object = { title: 'My room' }) =>
    (await user.post('/api/projects').send(body).expect(201)).body.res.project as ProjectAnswer
  const addScene = async (lists: object = {}) =>
    (await ada.post(url('/scenes')).send(lists).expect(201)).body.res.scene as SceneAnswer
  const read = async (user = ada) => (await user.get(url()).expect(200)).body.res.project as ProjectAnswer
  const stored = () => Project.findById(project.id).orFail().lean()
  const share = (access: string) => ada.put(url('/collaborators/bob')).send({ access }).expect(200)

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    bob = await signUp(app, 'bob')
  })
  beforeEach(async () => {
    asset = await uploadAsset(ada)
    project = await make(ada)
  })
  after(() => app.stop())

  it('/api/projects – create, read, change and delete → as sent, then 404', async () => {
    const { body, headers } = await ada
      .post('/api/projects')
      .send({ title: 'Hall', image: asset.id })
      .expect(201)
    const made = body.res.project
    expect(made).to.include({ title: 'Hall', image: asset.id, access: 'owner', version: 1 })
    expect(made.owner).to.deep.equal({ id: ada.user.id, username: 'ada' })
    expect(made.scenes).to.deep.equal([])
    expect(headers.location).to.equal(`/api/projects/${made.id}`)

    const path = `/api/projects/${made.id}`
    const changed = await ada.patch(path).send({ title: 'Big hall', image: null }).expect(200)
    expect(changed.body.res.project).to.include({ title: 'Big hall', image: null, version: 2 })
    expect(await Project.findById(made.id).lean()).to.include({ title: 'Big hall', image: null })
    await ada.delete(path).expect(204)
    await ada.get(path).expect(404)
    expect(await Project.findById(made.id)).to.equal(null)
    await ada.get(`/api/assets/${asset.id}`).expect(200)
  })

  it('/api/projects/:id/scenes – add, change, order and remove → as sent', async () => {
    const first = await addScene({ base: [asset.id] })
    expect(first.base).to.deep.equal([asset.id])
    const second = await addScene()
    const other = await uploadAsset(ada)
    const { body } = await ada
      .patch(url(`/scenes/${second.id}`))
      .send({ overlay: [other.id, asset.id] })
      .expect(200)
    expect(body.res.scene.overlay).to.deep.equal([other.id, asset.id])
    expect(body.res.project.scenes).to.have.length(2)

    const reordered = await ada
      .patch(url())
      .send({ sceneOrder: [second.id, first.id] })
      .expect(200)
    expect(reordered.body.res.project.scenes.map(({ id }: SceneAnswer) => id)).to.deep.equal([
      second.id,
      first.id,
    ])
    for (const sceneOrder of [[first.id], [first.id, first.id], [first.id, second.id, 'x'], 'x'])
      await ada.patch(url()).send({ sceneOrder }).expect(400)
    await ada.delete(url(`/scenes/${second.id}`)).expect(204)
    await ada.delete(url(`/scenes/${second.id}`)).expect(404)
    expect((await stored()).scenes.map(({ id }) => id)).to.deep.equal([first.id])
  })

  it('POST /api/projects/:id/scenes – many at once → all kept', async () => {
    await Promise.all(Array.from({ length: 8 }, () => addScene({ base: [asset.id] })))
    const { scenes, version } = await stored()
    expect(scenes).to.have.length(8)
    expect(version).to.equal(9)
  })

  it('/api/projects – invalid input → refused, nothing changes', async () => {
    const scene = await addScene()
    const hidden = await uploadAsset(bob)
    const before = await stored()
    const requests: [string, string, object][] = [
      ['post', '/api/projects', {}],
      ['post', '/api/projects', { title: '' }],
      ['post', '/api/projects', { title: ['x'] }],
      ['post', '/api/projects', { title: 'x', owner: bob.user.id }],
      ['post', '/api/projects', { title: 'x', image: hidden.id }],
      ['patch', url(), { image: 'x' }],
      ['post', url('/scenes'), { base: asset.id }],
      ['post', url('/scenes'), { base: [asset.id, asset.id] }],
      ['post', url('/scenes'), { base: [{ $ne: 1 }] }],
      ['post', url('/scenes'), { base: Array.from({ length: 101 }, () => new Types.ObjectId()) }],
      ['patch', url(`/scenes/${scene.id}`), { overlay: [hidden.id] }],
      ['patch', url(`/scenes/${scene.id}`), { overlay: [new Types.ObjectId()] }],
      ['patch', url(`/scenes/${scene.id}`), { background: [] }],
    ]
    for (const [method, path, body] of requests) {
      const { body: answer } = await ada[method as 'post' | 'patch'](path).send(body).expect(400)
      expect(answer.err.code, JSON.stringify(body)).to.equal('validation_failed')
    }
    await ada.patch(url('/scenes/x')).send({}).expect(404)
    expect(await stored()).to.deep.equal(before)
    expect(await Project.countDocuments({ title: 'x' })).to.equal(0)
  })

  it('/api/projects/:id – other users → 404 until shared; reader reads, writer changes', async () => {
    const scene = await addScene({ base: [asset.id] })
    await app.api.get(url()).expect(401)
    await app.api.get('/api/projects').expect(401)
    for (const method of ['get', 'patch', 'delete'] as const) await bob[method](url()).expect(404)
    await bob.post(url('/scenes')).send({}).expect(404)
    await bob.get('/api/projects/x').expect(404)

    await share('read')
    expect(await read(bob)).to.include({ access: 'read', owner: null })
    expect((await read(bob)).scenes[0]?.base, 'an asset that is not shared').to.deep.equal([])
    await bob.patch(url()).send({ title: 'x' }).expect(403)
    await bob.get(url('/collaborators')).expect(403)
    await bob.delete(url(`/scenes/${scene.id}`)).expect(403)

    await share('write')
    const theirs = await uploadAsset(bob)
    await bob
      .patch(url(`/scenes/${scene.id}`))
      .send({ base: [theirs.id] })
      .expect(200)
    expect((await stored()).scenes[0]?.base.map(String)).to.deep.equal([theirs.id, asset.id])
    await bob.delete(url()).expect(403)

    const { body } = await ada.get(url('/collaborators')).expect(200)
    expect(body.res.collaborators).to.have.length(1)
    await ada.delete(url('/collaborators/bob')).expect(204)
    await bob.get(url()).expect(404)
  })

  it('GET /api/projects – several → newest first in pages, only to readers', async () => {
    const carol = await signUp(app, 'carol')
    for (const title of ['one', 'two', 'three']) await make(carol, { title })
    const first = await carol.get('/api/projects?limit=2').expect(200)
    const titles = ({ body }: typeof first) => body.res.projects.map(({ title }: ProjectAnswer) => title)
    expect(titles(first)).to.deep.equal(['three', 'two'])
    await make(carol, { title: 'four' })
    const second = await carol.get(`/api/projects?limit=2&cursor=${first.body.res.next}`).expect(200)
    expect(titles(second)).to.deep.equal(['one'])
    expect(second.body.res.next).to.equal(null)
    for (const query of ['cursor=x', 'limit=0', 'limit=101', 'x=1'])
      await carol.get(`/api/projects?${query}`).expect(400)
    await share('read')
    const { body } = await bob.get('/api/projects').expect(200)
    expect(body.res.projects.map(({ id }: ProjectAnswer) => id)).to.include(project.id)
  })

  describe('projects and their assets', () => {
    it('DELETE /api/assets/:id – used by a scene → 409; with force=1 removed from its scenes', async () => {
      await addScene({ base: [asset.id], overlayImage: [asset.id] })
      await ada.patch(url()).send({ image: asset.id }).expect(200)
      const before = await stateOf(app)
      const { body } = await ada.delete(`/api/assets/${asset.id}`).expect(409)
      expect(body.err.code).to.equal('conflict')
      await ada.delete(`/api/assets/${asset.id}?force=0`).expect(409)
      await ada.delete(`/api/assets/${asset.id}?force=yes`).expect(400)
      expect(await stateOf(app)).to.deep.equal(before)

      await ada.delete(`/api/assets/${asset.id}?force=1`).expect(204)
      const { scenes, image } = await stored()
      expect(image).to.equal(null)
      expect(scenes[0]).to.deep.include({ base: [], overlayImage: [] })
      expect(await Asset.findById(asset.id)).to.equal(null)
      expect(await keysOf(app)).not.to.include.members(before.objects)
    })

    it('DELETE /api/assets/:id – used by a project the owner cannot read → 204', async () => {
      await ada.patch(`/api/assets/${asset.id}`).send({ visibility: 'public' }).expect(200)
      const theirs = await make(bob)
      await bob
        .post(`/api/projects/${theirs.id}/scenes`)
        .send({ base: [asset.id] })
        .expect(201)
      await ada.delete(`/api/assets/${asset.id}`).expect(204)
      expect((await Project.findById(theirs.id).orFail().lean()).scenes[0]?.base).to.deep.equal([])
    })

    it('DELETE /api/assets/:id – added to a scene concurrently → no scene refers to it', async () => {
      const assets = await Promise.all(Array.from({ length: 6 }, () => uploadAsset(ada)))
      const scene = await addScene()
      const use = ({ id }: AssetAnswer) =>
        ada.patch(url(`/scenes/${scene.id}`)).send({ base: assets.map(({ id }) => id), overlay: [id] })
      await Promise.all(
        assets.flatMap((one) => [use(one), ada.delete(`/api/assets/${one.id}?force=1`).expect(204)]),
      )
      expect((await stored()).scenes[0]).to.deep.include({ base: [], overlay: [] })
    })

    it('DELETE /api/users/me – account with projects → projects deleted', async () => {
      const dora = await signUp(app, 'dora')
      const theirs = await make(dora)
      await dora.delete('/api/users/me').send({ password: PASSWORD }).expect(204)
      expect(await Project.findById(theirs.id)).to.equal(null)
    })
  })
})
