import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { Event } from '../../models/event.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { stateOf } from '../support/app/state.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { obj } from '../support/data/samples.ts'

describe('collaborators', () => {
  let app: TestApp
  let ada: TestUser
  let bob: TestUser
  let asset: AssetAnswer
  const share = (username: string, access: string) =>
    ada.put(`/api/assets/${asset.id}/collaborators/${username}`).send({ access })

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    bob = await signUp(app, 'Bob')
  })
  beforeEach(async () => {
    asset = await uploadAsset(ada)
  })
  after(() => app.stop())

  it('/api/assets/:id – reader or writer → can read or change, no owner operations', async () => {
    const url = `/api/assets/${asset.id}`
    await share('bob', 'read').expect(200)
    const read = await bob.get(url).expect(200)
    expect(read.body.res.asset).to.include({ access: 'read', owner: null })
    await bob.get(String(asset.files[0]?.url)).expect(200)
    await bob.patch(url).send({ name: 'x' }).expect(403)

    await share('BOB', 'write').expect(200)
    const changed = await bob.patch(url).send({ name: 'By Bob' }).expect(200)
    expect(changed.body.res.asset).to.include({ access: 'write', name: 'By Bob' })
    await bob.put(`${url}/files`).attach('files', obj(), 'new.obj').expect(200)

    const before = await stateOf(app)
    await bob.patch(url).send({ visibility: 'public' }).expect(403)
    await bob.delete(url).expect(403)
    for (const list of ['collaborators', 'links']) await bob.get(`${url}/${list}`).expect(403)
    await bob.put(`${url}/collaborators/bob`).send({ access: 'write' }).expect(403)
    await bob.post(`${url}/links`).send({}).expect(403)
    await bob.put(`${url}/lock`).send({ legalHold: true }).expect(403)
    expect(await stateOf(app)).to.deep.equal(before)
  })

  it('PUT …/collaborators/:username – known or unknown name → the same writes; DELETE undoes them', async () => {
    const { readers } = await Asset.findById(asset.id).orFail()
    const countChanges = () => Event.countDocuments({ kind: 'asset.updated' })
    for (const [name, reader] of [
      ['bob', bob.user.id],
      ['Nobody', 'name:nobody'],
    ]) {
      const changes = await countChanges()
      await share(String(name), 'read').expect(200)
      expect((await Asset.findById(asset.id).orFail()).readers).to.deep.equal([...readers, reader])
      expect(await countChanges()).to.equal(changes + 1)
      await ada.delete(`/api/assets/${asset.id}/collaborators/${name}`).expect(204)
      expect((await Asset.findById(asset.id).orFail()).readers).to.deep.equal(readers)
    }
  })

  it('PUT …/collaborators/:username – If-None-Match: * → adds a name once, 412 for a name in the list', async () => {
    const add = (name: string) => share(name, 'write').set('If-None-Match', ' * ')
    await add('bob').expect(200)
    await share('nobody', 'read').expect(200)
    const before = await stateOf(app)
    for (const name of ['bob', 'BOB', 'nobody']) {
      const { body } = await add(name).expect(412)
      expect(body.err).to.include({ code: 'version_conflict' })
    }
    expect(await stateOf(app)).to.deep.equal(before)
    await share('bob', 'read').set('If-None-Match', '"other"').expect(200)

    const answers = await Promise.all(Array.from({ length: 8 }, () => add('somebody')))
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses).to.deep.equal([200, ...Array(7).fill(412)])

    const { body } = await ada.post('/api/projects').send({ title: 'Chairs' }).expect(201)
    const ofProject = () =>
      ada
        .put(`/api/projects/${body.res.project.id}/collaborators/bob`)
        .set('If-None-Match', '*')
        .send({ access: 'read' })
    await ofProject().expect(200)
    await ofProject().expect(412)
  })

  it('PUT /api/assets/:id/files – writer → counted against the owner', async () => {
    await share('bob', 'write').expect(200)
    await bob.put(`/api/assets/${asset.id}/files`).attach('files', Buffer.alloc(5000), 'x.bin').expect(200)
    const { body } = await bob.get('/api/space').expect(200)
    expect(body.res).to.include({ used: 0, files: 0 })
  })

  it('GET /api/assets?scope=shared – sharing begins, then ends → found, then not found', async () => {
    await share('bob', 'read').expect(200)
    const shared = async () => {
      const { body } = await bob.get('/api/assets?scope=shared&count=1&facets=1').expect(200)
      expect(body.res.total).to.equal(body.res.assets.length)
      return body.res.assets.map(({ id }: AssetAnswer) => id)
    }
    expect(await shared()).to.include(asset.id)
    await ada.delete(`/api/assets/${asset.id}/collaborators/bob`).expect(204)
    expect(await shared()).not.to.include(asset.id)
    await bob.get(`/api/assets/${asset.id}`).expect(404)
    await bob.get(String(asset.files[0]?.url)).expect(404)
    await ada.delete(`/api/assets/${asset.id}/collaborators/bob`).expect(404)
  })

  it('PATCH /api/assets/:id {visibility} – removed collaborator → still no access', async () => {
    await share('bob', 'read').expect(200)
    await ada.patch(`/api/assets/${asset.id}`).send({ visibility: 'public' }).expect(200)
    await ada.delete(`/api/assets/${asset.id}/collaborators/bob`).expect(204)
    await ada.patch(`/api/assets/${asset.id}`).send({ visibility: 'private' }).expect(200)
    await bob.get(`/api/assets/${asset.id}`).expect(404)
    expect((await Asset.findById(asset.id).orFail().lean()).readers).to.deep.equal([ada.user.id])
  })

  it('PUT /api/assets/:id/collaborators/:username – unknown name → same answer and list, never access', async () => {
    const known = await share('Bob', 'read').expect(200)
    const unknown = await share('Carol', 'read').expect(200)
    expect(Object.keys(unknown.body.res.collaborator)).to.deep.equal(Object.keys(known.body.res.collaborator))
    expect(unknown.body.res.collaborator).to.include({ username: 'Carol', access: 'read' })
    const { body } = await ada.get(`/api/assets/${asset.id}/collaborators`).expect(200)
    expect(body.res.collaborators.map(({ username }: { username: string }) => username)).to.deep.equal([
      'Bob',
      'Carol',
    ])
    const carol = await signUp(app, 'carol')
    await carol.get(`/api/assets/${asset.id}`).expect(404)
    await share('carol', 'write').expect(200)
    await carol.get(`/api/assets/${asset.id}`).expect(404)
    const again = await ada.get(`/api/assets/${asset.id}/collaborators`).expect(200)
    expect(again.body.res.collaborators).to.have.length(2)
    const stored = await Asset.findById(asset.id).orFail().lean()
    expect(stored.readers).to.deep.equal([ada.user.id, bob.user.id, 'name:carol'])
    expect(stored.collaborators[1]).to.deep.include({ username: 'carol', user: null, access: 'write' })

    await ada.delete(`/api/assets/${asset.id}/collaborators/carol`).expect(204)
    await share('carol', 'read').expect(200)
    await carol.get(`/api/assets/${asset.id}`).expect(200)
  })

  it('PUT /api/assets/:id/collaborators/:username – wrong access, name of the owner or invalid name → refused', async () => {
    const before = await stateOf(app)
    for (const [name, access] of [
      ['bob', 'owner'],
      ['ada', 'read'],
      ['a', 'read'],
      ['a%00b', 'read'],
    ] as const) {
      const { body } = await share(name, access).expect(400)
      expect(body.err.code).to.equal('validation_failed')
    }
    expect(await stateOf(app)).to.deep.equal(before)
  })
})
