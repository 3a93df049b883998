import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { Link } from '../../models/link.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { keysOf, stateOf } from '../support/app/state.ts'
import { signUp, signUpAdmin, type TestUser } from '../support/app/users.ts'

const HOUR = 3_600_000

describe('/api/admin/assets/:id', () => {
  let app: TestApp
  let root: TestUser
  let ada: TestUser
  let bob: TestUser
  let asset: AssetAnswer
  const url = () => `/api/admin/assets/${asset.id}`
  const lock = (body: object) => ada.put(`/api/assets/${asset.id}/lock`).send(body).expect(200)
  const later = (hours: number) => new Date(app.clock.now().getTime() + hours * HOUR).toISOString()
  const stored = () => Asset.findById(asset.id).orFail().lean()

  before(async () => {
    app = await startApp()
    root = await signUpAdmin(app, 'root')
    ada = await signUp(app, 'ada')
    bob = await signUp(app, 'bob')
  })
  beforeEach(async () => {
    asset = await uploadAsset(ada, { name: 'My secret chair', tags: 'secret' })
  })
  after(() => app.stop())

  it('GET /api/admin/assets/:id – private asset → the fields an admin needs and no other', async () => {
    const { body, headers } = await root.get(url()).expect(200)
    const { createdAt, ...seen } = body.res.asset
    expect(seen).to.deep.equal({
      id: asset.id,
      owner: { id: ada.user.id, username: 'ada' },
      size: asset.size,
      visibility: 'private',
      state: 'ready',
      lock: null,
    })
    expect(new Date(createdAt).toISOString()).to.equal(createdAt)
    expect(headers['cache-control']).to.equal('no-store')
  })

  it('GET /api/assets/:id/… – admin, private asset of another user → 404, not listed or counted', async () => {
    const [file] = asset.files
    for (const path of ['', '/download', `/files/${file?.id}`, '/collaborators', '/links'])
      await root.get(`/api/assets/${asset.id}${path}`).expect(404)
    const { body } = await root.get('/api/assets?count=1&facets=1').expect(200)
    expect(body.res.total).to.equal(0)
    expect(JSON.stringify(body)).not.to.contain('secret')
  })

  it('DELETE /api/admin/assets/:id – public asset → removed; private asset → refused', async () => {
    const before = await stateOf(app)
    const { body } = await root.delete(url()).expect(403)
    expect(body.err.code).to.equal('forbidden')
    expect(await stateOf(app)).to.deep.equal(before)
    await ada.patch(`/api/assets/${asset.id}`).send({ visibility: 'public' }).expect(200)
    const keys = (await stored()).files.map(({ key }) => key)
    await root.delete(url()).expect(204)
    expect(await Asset.findById(asset.id)).to.equal(null)
    expect(await keysOf(app)).not.to.include.members(keys)
    await root.delete(url()).expect(404)
    await root.get(url()).expect(404)
  })

  it('DELETE /api/admin/assets/:id – owner makes it private concurrently → 204, or 403 and kept', async () => {
    await ada.patch(`/api/assets/${asset.id}`).send({ visibility: 'public' }).expect(200)
    const [hidden, removed] = await Promise.all([
      ada.patch(`/api/assets/${asset.id}`).send({ visibility: 'private' }),
      root.delete(url()),
    ])
    if (removed.status === 204) expect([200, 404]).to.include(hidden.status)
    else {
      expect(removed.status).to.equal(403)
      expect(await stored()).to.include({ state: 'ready', visibility: 'private' })
    }
  })

  it('DELETE /api/admin/assets/:id/lock – governance lock with a legal hold → both removed', async () => {
    await lock({ mode: 'governance', until: later(2), legalHold: true })
    await root.get(url()).expect(200)
    await root.delete(`${url()}/lock`).expect(204)
    expect((await stored()).lock).to.equal(null)
    await ada.patch(`/api/assets/${asset.id}`).send({ name: 'x' }).expect(200)
    await root.delete(`${url()}/lock`).expect(204)
  })

  it('DELETE /api/admin/assets/:id/lock – compliance lock with a legal hold → only the hold is removed', async () => {
    await lock({ mode: 'compliance', until: later(2), legalHold: true })
    await root.delete(`${url()}/lock`).expect(204)
    expect((await stored()).lock).to.include({ mode: 'compliance', legalHold: false })
    const { body } = await root.delete(`${url()}/lock`).expect(423)
    expect(body.err.code).to.equal('locked')
    expect(body.err.details[0].message).to.match(/^a compliance lock runs until /)
    expect((await stored()).lock).to.include({ mode: 'compliance' })
  })

  const LOCKS: [name: string, body: { legalHold?: true; mode?: string }, hours: number][] = [
    ['compliance lock', { mode: 'compliance' }, 2],
    ['legal hold', { legalHold: true }, 0],
  ]
  for (const [name, body, hours] of LOCKS)
    it(`DELETE /api/admin/assets/:id – public asset with a ${name} → private for good, unlinked, bytes stay`, async () => {
      const path = `/api/assets/${asset.id}`
      await ada.patch(path).send({ visibility: 'public' }).expect(200)
      await lock(hours > 0 ? { ...body, until: later(hours) } : body)
      await ada.put(`${path}/collaborators/bob`).send({ access: 'read' }).expect(200)
      const { body: linked } = await ada.post(`${path}/links`).send({}).expect(201)
      const { body: signed } = await ada.get(`${path}/url`).expect(200)
      const before = await stored()
      const keys = await keysOf(app)

      await root.delete(url()).expect(204)
      const taken = await stored()
      expect(taken).to.include({ visibility: 'private', version: before.version + 1 })
      expect(taken.readers).to.deep.equal([ada.user.id, bob.user.id])
      expect(taken.lock).to.deep.equal(before.lock)
      expect(await keysOf(app)).to.deep.equal(keys)
      await app.api.get(path).expect(404)
      await app.api.get(linked.res.link.url).expect(410)
      await app.api.get(signed.res.url).expect(404)
      await bob.get(path).expect(200)
      await ada.get(`${path}/download`).expect(200)

      const changed = await ada.patch(path).send({ visibility: 'public' }).expect(403)
      expect(changed.body.err.code).to.equal('forbidden')
      await ada.post(`${path}/links`).send({}).expect(403)
      expect(await Link.countDocuments({ asset: asset.id, revokedAt: null })).to.equal(0)
      await ada.patch(path).send({ visibility: 'private' }).expect(200)
      await root.delete(url()).expect(403)
      if (hours > 0) app.clock.advance(hours * HOUR + 1)
      else await ada.delete(`${path}/lock`).expect(204)
      await ada.patch(path).send({ visibility: 'public' }).expect(403)
      await ada.delete(path).expect(204)
    })

  it('/api/admin/assets/:id – other users, asset exists or not → 403', async () => {
    for (const path of [url(), '/api/admin/assets/64b000000000000000000000', '/api/admin/assets/x']) {
      for (const request of [ada.get(path), ada.delete(path), ada.delete(`${path}/lock`)]) {
        const { body } = await request.expect(403)
        expect(body.err.code).to.equal('forbidden')
      }
      await app.api.get(path).expect(401)
    }
    await root.get('/api/admin/assets/64b000000000000000000000').expect(404)
    await root.get('/api/admin/assets/x').expect(404)
  })
})
